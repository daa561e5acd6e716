// Decodes pictures with Chromium.
//
//   node pixels.mjs CHROMIUM PROFILE FILE... > pictures.json
//
// Out: for each file, its width and height, and the red, green, blue and alpha of its pixels from the top left, in base64.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { DEADLINE, FLAGS } from "../chromium.mjs";

const [executablePath, profile, ...files] = process.argv.slice(2);
const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS, timeout: DEADLINE });

async function pixels(source) {
  const picture = new Image();
  picture.src = source;
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const bytes = context.getImageData(0, 0, width, height).data;
  return { width, height, rgba: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
}

try {
  const page = browser.pages()[0];
  const seen = [];
  for (const file of files) {
    seen.push(await page.evaluate(pixels, `data:image/png;base64,${readFileSync(file).toString("base64")}`));
  }
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
