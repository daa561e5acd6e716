// Runs in the page, beside `adaptivecards` and `markdown-it`: parses a card as a strict 1.5 host, draws it, and tells
// what came of it. A classic script: playwright's addScriptTag puts it in.
"use strict";

const AC = globalThis.AdaptiveCards;
AC.SerializableObject.defaultMaxVersion = AC.Versions.v1_5;
const LARGE = 24; // CSS pixels: WCAG 2.1 calls text large from 18 point, or from 14 point and bold
const LARGE_BOLD = { size: 18.66, weight: 700 };
// A word of at most 22 characters between the places where a browser breaks a line anyway.
const UNBROKEN = /(?<![^\s\-–\/?])[\w.@:'"$,()]{2,22}(?![^\s\-–\/?])/g;
// Members that the library parses by hand, outside its schema, and those that it has no use for.
const BY_HAND = ["type", "$schema", "msteams", "body", "items", "columns", "rows", "cells", "inlines", "actions", "card", "fallback", "requires"];

function strictly(json) {
  // The library's pattern for `lang` is global and remembers where its last match ended: one that fails makes it forget.
  new AC.AdaptiveCard().parse({ type: "AdaptiveCard", lang: "-" }, new AC.SerializationContext());
  const context = new AC.SerializationContext(AC.Versions.v1_5);
  const events = [];
  const known = (object, source) => {
    const schema = object.getSchema();
    const names = new Set(BY_HAND);
    for (let index = 0; index < schema.getCount(); index++) names.add(schema.getItemAt(index).name);
    for (const name of Object.keys(source)) {
      if (!names.has(name)) events.push({ phase: "members", kind: "UnknownMember", message: `${source.type} has no "${name}"` });
    }
  };
  context.onParseElement = known;
  context.onParseAction = known;
  const card = new AC.AdaptiveCard();
  card.parse(json, context);
  known(card, json);
  for (let index = 0; index < context.eventCount; index++) events.push(told(context.getEventAt(index)));
  return { card, events };
}

function told({ phase, event, message }) {
  return { phase: AC.ValidationPhase[phase], kind: AC.ValidationEvent[event], message };
}

function draw(json, config, width) {
  const { card, events } = strictly(json);
  const executed = [];
  card.hostConfig = new AC.HostConfig(config);
  card.onExecuteAction = (action) => executed.push(action.toJSON(new AC.SerializationContext(AC.Versions.v1_5)));
  events.push(...card.validateProperties().validationEvents.map(told));
  const frame = document.createElement("div");
  frame.className = "frame";
  frame.style.width = `${width}px`;
  const drawn = card.render();
  if (drawn) frame.append(drawn);
  document.body.append(frame);
  return { frame, events, executed };
}

const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
const lines = (frame) => frame.innerText.split("\n").filter((line) => line.trim());
const shortly = (element) => `${element.tagName.toLowerCase()} ${JSON.stringify((element.innerText || element.src || "").slice(0, 60))}`;

// Elements that stand out of the card, or whose contents are cut off at its edge.
function wide(frame) {
  const { left, right } = frame.getBoundingClientRect();
  const out = (box) => box.width > 0 && (box.right > right + 0.5 || box.left < left - 0.5);
  const cut = (element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== "visible";
  const inner = [...frame.querySelectorAll("*")].filter(shown);
  return inner.filter((element) => out(element.getBoundingClientRect()) || (element.clientWidth && cut(element))).map(shortly);
}

function rgba(color) {
  const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
  return { red, green, blue, alpha };
}

function over(top, below) {
  const mix = (name) => top[name] * top.alpha + below[name] * (1 - top.alpha);
  return { red: mix("red"), green: mix("green"), blue: mix("blue"), alpha: 1 };
}

function ground(element) {
  const layers = [];
  for (let one = element; one; one = one.parentElement) layers.unshift(rgba(getComputedStyle(one).backgroundColor));
  return layers.reduce((below, top) => over(top, below), rgba("rgb(255, 255, 255)"));
}

// https://www.w3.org/TR/WCAG21/#dfn-relative-luminance
function luminance({ red, green, blue }) {
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function contrast(element) {
  const below = ground(element);
  const [dark, light] = [luminance(over(rgba(getComputedStyle(element).color), below)), luminance(below)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

// Texts with less contrast than WCAG 2.1 AA asks for. The labels of buttons are left out: the host draws them.
function faint(frame) {
  const found = [];
  const walker = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !shown(element) || element.closest("button")) continue;
    const { fontSize, fontWeight } = getComputedStyle(element);
    const size = parseFloat(fontSize);
    const large = size >= LARGE || (size >= LARGE_BOLD.size && fontWeight >= LARGE_BOLD.weight);
    const ratio = contrast(element);
    if (ratio < (large ? 3 : 4.5)) found.push({ text: node.data.trim().slice(0, 60), ratio: Math.round(ratio * 100) / 100 });
  }
  return found;
}

// Words of a usual length that are broken between two letters, as where a column beside them takes the room.
function torn(frame) {
  const found = [];
  const range = document.createRange();
  const walker = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!shown(node.parentElement)) continue;
    for (const { 0: word, index } of node.data.matchAll(UNBROKEN)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) found.push(word);
    }
  }
  return found;
}

const controls = (frame) => [...frame.querySelectorAll("button, [role=button]")].filter(shown);
const same = (some, others) => some.join("\n") === others.join("\n");
const times = (line, some) => some.filter((one) => one === line).length;
const more = (some, others) => some.filter((line) => times(line, some) > times(line, others));
const title = (control) => (control.innerText || control.getAttribute("aria-label") || "").trim();
const measured = (frame) => ({ wide: wide(frame), faint: faint(frame), torn: torn(frame) });

// Presses every control that can be seen, then those that it brings into sight; leaves the card as it was.
function press(drawn, known = []) {
  const visible = controls(drawn.frame).filter((control) => !known.includes(control));
  return visible.flatMap((control) => {
    const before = lines(drawn.frame);
    drawn.executed.length = 0;
    control.click();
    const after = lines(drawn.frame);
    const pressed = {
      title: title(control),
      executed: [...drawn.executed],
      shows: more(after, before),
      hides: more(before, after),
      restored: true,
      ...measured(drawn.frame),
    };
    if (same(before, after)) return [pressed];
    const inside = press(drawn, [...known, ...visible]);
    control.click();
    pressed.restored = same(before, lines(drawn.frame));
    return [pressed, ...inside];
  });
}

globalThis.look = (json, config, width) => {
  const drawn = draw(json, config, width);
  const seen = { events: drawn.events, text: drawn.frame.innerText, ...measured(drawn.frame), controls: press(drawn) };
  drawn.frame.remove();
  return seen;
};

// For a picture: the card wide, narrow, and narrow with everything that can be opened.
globalThis.pose = (json, config, widths) => {
  document.body.replaceChildren();
  for (const width of widths) draw(json, config, width);
  const { frame } = draw(json, config, Math.min(...widths));
  for (const control of controls(frame)) {
    const before = lines(frame).length;
    control.click();
    if (lines(frame).length < before) control.click();
  }
};
