// What spoke for an answer and against it, as bars to the right and to the left; and what was noticed.

import { number } from "./number.js";
import { shape } from "./shape.js";

const { output } = document.querySelector("main").dataset;

/** What an answer is called in a sentence. */
export function named(label) {
  return label === undefined ? "the number" : `“${label}”`;
}

/** A share with its sign, in the unit of the number or in points of probability. */
export function signed(share) {
  const size = Math.abs(share);
  const text = output === "regression" ? number(size) : `${(100 * size).toFixed(size < 0.1 ? 1 : 0)} %`;
  return `${share > 0 ? "+" : "−"}${text}`;
}

/** A line of the list: `label`, a bar as long as its share of the `strongest`, the number; `of` is what it speaks for. */
export function reason(label, share, strongest, of) {
  const item = shape("reason").firstElementChild;
  const up = share > 0;
  item.querySelector(".label").textContent = label;
  item.querySelector(".num").textContent = signed(share);
  item.querySelector(".axis").setAttribute("aria-label", `${up ? "towards" : "against"} ${of}`);
  const bar = item.querySelector("i");
  bar.className = up ? "up" : "down";
  bar.style.setProperty("width", `${(50 * Math.abs(share)) / strongest}%`);
  return item;
}

/** What was ignored or unknown, put at the end of `body`. */
export function remark(notes, body) {
  if (!notes?.length) return;
  const content = shape("remarks");
  for (const note of notes) {
    const item = document.createElement("li");
    item.textContent = note;
    content.firstElementChild.append(item);
  }
  body.append(content);
}
