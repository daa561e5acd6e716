// Talks to the bot in the Agents Playground as a person does, in headless Chromium, and tells what was seen.
//
//   node drive.mjs URL CHROMIUM PROFILE < steps.json > answers.json
//
// A step is an object; its members are done in this order:
//   in       goes to the chat of this name; the bot has said something in the one before
//   say      types this and sends it; the answer is a new message
//   to       with say: begins with an @mention of this name
//   press    presses the button with this title in the bot's last message
//   until    waits until the bot's last message shows this text, or any of these texts
//   picture  writes the last exchange as PNG into this file
// The answers are, per step, the visible text of the bot's last message. The profile is a new folder for the browser.
import { text } from "node:stream/consumers";
import { chromium } from "playwright-core";
import { DEADLINE, FLAGS } from "../chromium.mjs";

const SIZE = { width: 660, height: 3600 }; // tall: the longest card is seen without scrolling
const ANSWER = ".fai-OutputCard";
const AROUND = { left: 48, top: 86, bottom: 4 }; // pixels: the bot's face; what was asked; the shadow of the card

const [url, executablePath, profile] = process.argv.slice(2);
const steps = JSON.parse(await text(process.stdin));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: FLAGS,
  viewport: SIZE,
  deviceScaleFactor: 1.5,
  timeout: DEADLINE,
});
browser.setDefaultTimeout(DEADLINE);
const page = browser.pages()[0];
const answers = page.locator(ANSWER);
const box = page.locator("[role=textbox][contenteditable=true]");

async function goTo(name) {
  const left = await answers.first().elementHandle();
  // By the keyboard: in a narrow window the list is out of the mouse's reach.
  await page.getByRole("treeitem", { name }).press("Enter");
  await left.waitForElementState("hidden");
}

async function say(words, to) {
  const before = await answers.count();
  await box.click();
  if (to) {
    await page.keyboard.type("@");
    await page.getByRole("menuitem", { name: to }).click();
  }
  await page.keyboard.insertText(words);
  await page.getByRole("button", { name: "Send Message" }).click();
  await answers.nth(before).waitFor();
}

async function until(wanted) {
  await page.waitForFunction(
    ([selector, any]) => {
      const shown = [...document.querySelectorAll(selector)].at(-1)?.innerText ?? "";
      return any.some((one) => shown.includes(one));
    },
    [ANSWER, [wanted].flat()],
  );
}

async function picture(path) {
  const last = answers.last();
  await last.scrollIntoViewIfNeeded();
  const { x, y, height } = await last.boundingBox();
  const top = Math.max(y - AROUND.top, 0);
  const left = Math.max(x - AROUND.left, 0);
  const clip = { x: left, y: top, width: SIZE.width - left, height: y + height + AROUND.bottom - top };
  await page.screenshot({ path, clip });
}

try {
  await page.goto(url);
  await box.waitFor();
  await page.getByRole("button", { name: "Hide log panel" }).click();
  const seen = [];
  for (const step of steps) {
    try {
      if (step.in) await goTo(step.in);
      if (step.say) await say(step.say, step.to);
      if (step.press) await answers.last().getByRole("button", { name: step.press }).click();
      if (step.until) await until(step.until);
      if (step.picture) await picture(step.picture);
    } catch (error) {
      throw new Error(`${JSON.stringify(step)}, but the chat shows:\n${(await answers.allInnerTexts()).join("\n--\n")}`, {
        cause: error,
      });
    }
    seen.push(await answers.last().innerText());
  }
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
