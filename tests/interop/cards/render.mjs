// Reads cards with Microsoft's own library, in headless Chromium, as Teams' three themes would show them.
//
//   node render.mjs CHROMIUM PROFILE [PICTURES] < cards.json > seen.json
//
// In: an object of cards by name. Out: a list with one object for each card, theme and width, which has
//   card, theme, width   what was looked at
//   events               what the library noticed while it parsed and validated as a strict 1.5 host: phase, kind, message
//   text                 what a reader sees
//   wide                 what stands out of the card or is cut off at its edge
//   faint                texts with too little contrast for WCAG 2.1 AA: text, ratio
//   torn                 words of a usual length that are broken between two letters
//   controls             of each button, also of those that another one brings into sight: title; executed: the actions
//                        that the host was handed; shows, hides: the lines that its press brings and takes away;
//                        restored: whether a second press undoes that; wide, faint and torn while pressed
// With PICTURES, a picture of each card in each theme goes to this folder. The profile is a new folder for the browser.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { chromium } from "playwright-core";
import { DEADLINE, FLAGS } from "../chromium.mjs";
import { css, THEMES } from "./hosts.mjs";

const WIDTHS = [660, 320]; // CSS pixels: a chat on a desktop, a telephone
const resolve = createRequire(import.meta.url).resolve;
const SCRIPTS = [
  resolve("markdown-it/browser"),
  join(dirname(resolve("adaptivecards")), "../dist/adaptivecards.min.js"),
  join(import.meta.dirname, "reader.js"),
];

const [executablePath, profile, pictures] = process.argv.slice(2);
const cards = JSON.parse(await text(process.stdin));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: FLAGS,
  viewport: { width: 1400, height: 900 },
  timeout: DEADLINE,
});
browser.setDefaultTimeout(DEADLINE);

async function themed(theme) {
  const page = await browser.newPage();
  await page.setContent('<!doctype html><html lang="en"><body></body></html>');
  await page.addStyleTag({ content: css(theme) });
  for (const path of SCRIPTS) await page.addScriptTag({ path });
  return page;
}

try {
  const seen = [];
  for (const [name, theme] of Object.entries(THEMES)) {
    const page = await themed(theme);
    for (const [card, json] of Object.entries(cards)) {
      for (const width of WIDTHS) {
        const looked = await page.evaluate(([...given]) => look(...given), [json, theme.config, width]);
        seen.push({ card, theme: name, width, ...looked });
      }
      if (pictures) {
        await page.evaluate(([...given]) => pose(...given), [json, theme.config, WIDTHS]);
        await page.locator("body").screenshot({ path: join(pictures, `${card}-${name}.png`.replaceAll(" ", "-")) });
        await page.evaluate(() => document.body.replaceChildren());
      }
    }
    await page.close();
  }
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
