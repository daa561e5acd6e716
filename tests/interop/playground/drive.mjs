// Talks to the bot in the Agents Playground as a person does, in headless Chromium, and tells what was seen.
//
//   node drive.mjs URL CHROMIUM PROFILE THEME
//
// It reads one step a line as JSON and answers each with a line, {"seen": TEXT} or {"error": TEXT}; it ends with its
// input. The members of a step are done in this order:
//   in       goes to the chat of this name; the bot has said something in the one before
//   channel  the same, to a channel
//   say      types this and sends it; the answer is a new message
//   to       with say: begins with an @mention of this name
//   press    presses the button with this title in the bot's last message
//   tap      taps what is named so in the bot's last message, such as a row that opens
//   system   sets the theme of the machine, `light` or `dark`
//   until    waits until the bot's last message shows this text, or any of these texts, or has shown it since the step
//            before: on a busy machine a message goes on faster than anybody looks; what is seen is the message then
//   colours  what is seen is the grounds and text colours of the page and of the bot's last message, as CSS has them
//   picture  writes the last exchange as PNG into this file, and once more with a narrow card into NAME-narrow.png
// What is seen is the visible text of the bot's last message, where `colours` is not asked for. The profile is a new
// folder for the browser; THEME is light or dark.
import { createInterface } from "node:readline/promises";
import { chromium } from "playwright-core";
import { THEMES } from "../cards/hosts.mjs";
import { DEADLINE, FLAGS } from "../chromium.mjs";

const CARD = ".ac-adaptiveCard";
const AROUND = { left: 84, top: 96, right: 24, bottom: 24 }; // pixels: the bot's face; what was asked; the frame
const NARROW = 320; // pixels, of a card on a telephone
const LOST = 4_000; // milliseconds after which an answer will not come any more
const SIZE = { width: 660, height: 5000 }; // tall: the longest card is seen without scrolling

const [url, executablePath, profile, theme] = process.argv.slice(2);
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
const cards = page.locator(CARD);
const boxes = page.locator("[role=textbox][contenteditable=true]");
let channel = false; // where the newest is on top

const last = () => (channel ? cards.first() : cards.last());

// Runs in the page: notes whatever its first and its last card show, with the number of cards then.
function watch(selector) {
  window.shown = [];
  const look = () => {
    const all = document.querySelectorAll(selector);
    if (all.length === 0) return;
    const now = { count: all.length, first: all[0].innerText, last: all[all.length - 1].innerText };
    const before = window.shown.at(-1);
    if (now.count !== before?.count || now.first !== before.first || now.last !== before.last) window.shown.push(now);
  };
  window.forget = (isPast) => {
    window.shown = window.shown.filter((now) => !isPast(now));
    look();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
}

// The Playground has the light theme and no switch. Its page holds Fluent's dark theme too, for its charts: a dark page
// is the same program with the one in place of the other, and with the colours that Teams gives cards on it.
function darkened(script) {
  const [, light] = script.match(/fluentV9LightTheme=(\w+)/);
  const [, dark] = script.match(/fluentV9DarkTheme=(\w+)/);
  const cardColours = /"containerStyles":\{"default".*?\},"actions":\{"maxActions"/;
  if (!script.includes(`theme:${light},`) || !cardColours.test(script)) throw new Error("this Playground is another");
  const colours = JSON.stringify(THEMES.dark.config.containerStyles);
  return script
    .replace(`theme:${light},`, `theme:${dark},`)
    .replace(cardColours, `"containerStyles":${colours},"actions":{"maxActions"`);
}

async function open() {
  if (theme === "dark") {
    await page.route("**/static/js/main.*.js", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: darkened(await response.text()) });
    });
  }
  await page.addInitScript(watch, CARD);
  await page.goto(url);
  if (theme === "dark") {
    const ground = THEMES.dark.page.ground;
    await page.addStyleTag({ content: `.fui-FluentProvider > div { background-color: ${ground} !important }` });
  }
  await boxes.first().waitFor();
  await page.getByRole("button", { name: "Hide log panel" }).click();
}

async function goTo(name, toChannel) {
  const left = await cards.first().elementHandle();
  // By the keyboard: in a narrow window the list is out of the mouse's reach.
  await page.getByRole("treeitem", { name }).press("Enter");
  await left.waitForElementState("hidden");
  await page.evaluate(() => window.forget(() => true)); // of another chat
  channel = toChannel;
  await page.getByRole("button", { name: channel ? "Post" : "Send Message" }).first().waitFor();
}

async function say(words, to) {
  const before = await cards.count();
  await type(words, to);
  // An answer that comes before the page has put up the new post of a channel is lost to the page: it is posted again.
  if (channel) await cards.nth(before).waitFor({ timeout: LOST }).catch(() => type(words, to));
  await cards.nth(before).waitFor();
  await page.evaluate((asked) => window.forget(({ count }) => count <= asked), before);
}

async function type(words, to) {
  await boxes.first().click();
  if (to) {
    await page.keyboard.type("@");
    await page.getByRole("menuitem", { name: to }).click();
  }
  await page.keyboard.insertText(words);
  await page.getByRole("button", { name: channel ? "Post" : "Send Message" }).first().click();
}

// What the last message shows or has shown with one of these texts in it, the newest if there are several.
async function until(wanted) {
  const found = await page.waitForFunction(
    ([side, any]) => {
      const at = window.shown.findLastIndex((now) => any.some((one) => now[side].includes(one)));
      if (at < 0) return null;
      window.shown.splice(0, at); // the next step looks from here on
      return window.shown[0][side];
    },
    [channel ? "first" : "last", [wanted].flat()],
  );
  return found.jsonValue();
}

// Of what has one colour whatever is hovered, focused or about to come: no pixels, which differ where nobody sees it.
async function colours() {
  const computed = (elements) =>
    elements.map((element) => {
      const { color, backgroundColor } = getComputedStyle(element);
      return `${color} on ${backgroundColor}`;
    });
  const grounds = await page.locator("body, .fui-FluentProvider > div").evaluateAll(computed);
  const card = await last().locator("xpath=descendant-or-self::*[not(ancestor-or-self::button)]").evaluateAll(computed);
  return [...new Set([...grounds, ...card])].sort().join("\n");
}

async function pictures(path) {
  await picture(path);
  // The page itself gets no narrower than 600 pixels.
  const style = await page.addStyleTag({ content: `.ac-preview-panel { max-width: ${NARROW}px }` });
  await picture(path.replace(".png", "-narrow.png"));
  await style.evaluate((element) => element.remove());
}

async function picture(path) {
  await last().scrollIntoViewIfNeeded();
  await page.mouse.move(0, 0); // a message that moves under the mouse has a button that looks different
  const card = await last().boundingBox();
  const top = Math.max(card.y - AROUND.top, 0);
  const left = Math.max(card.x - AROUND.left, 0);
  // What was asked stands at the right edge of the window; beside a narrow card it is left out.
  const right = card.width > NARROW ? SIZE.width : card.x + card.width + AROUND.right;
  await page.screenshot({
    path,
    animations: "disabled", // those under way are at their end
    clip: { x: left, y: top, width: right - left, height: card.y + card.height + AROUND.bottom - top },
  });
}

async function take(step) {
  if (step.in) await goTo(step.in, false);
  if (step.channel) await goTo(step.channel, true);
  if (step.say) await say(step.say, step.to);
  if (step.press) await last().getByRole("button", { name: step.press }).click();
  if (step.tap) await last().getByLabel(step.tap).click();
  if (step.system) await page.emulateMedia({ colorScheme: step.system });
  // Before the pictures, which take their time: the card may go on meanwhile.
  const text = step.until ? await until(step.until) : await last().innerText();
  const seen = step.colours ? await colours() : text;
  if (step.picture) await pictures(step.picture);
  return seen;
}

async function answered(line) {
  try {
    return { seen: await take(JSON.parse(line)) };
  } catch (error) {
    return { error: `${error.message}\nThe chat shows:\n${(await cards.allInnerTexts()).join("\n--\n")}` };
  }
}

try {
  await open();
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answered(line))}\n`);
  }
} finally {
  await browser.close();
}
