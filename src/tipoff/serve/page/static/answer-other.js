// The answer of a target of somebody's own: whatever JSON values it has.

import { shape } from "./shape.js";

const OF_THE_REQUEST = ["file", "row", "milliseconds", "sentence", "why"];

/** Fill a card's body. */
export function fill(body, answer) {
  const content = shape("answer");
  const strong = document.createElement("b");
  strong.textContent = answer.sentence;
  content.querySelector(".verdict").append(strong);
  content.querySelector("pre").textContent = JSON.stringify(values(answer), null, 1);
  body.replaceChildren(content);
}

/** The state of an answer, as a class of its card. */
export function state() {
  return "plain";
}

/** The answer as it is said aloud. */
export function sentence(answer) {
  return `${answer.file}: ${answer.sentence}.`;
}

/** The columns of a table of answers. */
export function columns(answers) {
  return [...new Set(answers.flatMap((answer) => Object.keys(values(answer))))];
}

/** The cells of an answer under `columns`. */
export function cells(answer, answers) {
  return columns(answers).map((c) => plain(answer[c]));
}

function values(answer) {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => !OF_THE_REQUEST.includes(name)));
}

function plain(value) {
  return value !== null && typeof value === "object" ? JSON.stringify(value) : (value ?? "");
}
