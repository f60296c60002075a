// Any number of classes: those that count as yes, and bars of all of them, the most probable first.

import { percent } from "./percent.js";
import { shape } from "./shape.js";

/** Fill a card's body. */
export function fill(body, answer) {
  const content = shape("answer");
  const strong = document.createElement("b");
  strong.textContent = answer.sentence;
  content.querySelector(".verdict").append(strong);
  content.querySelector("ul").append(...Object.entries(answer.probabilities).map((one) => bar(one, answer.labels)));
  body.replaceChildren(content);
}

function bar([name, probability], labels) {
  const row = shape("bar").firstElementChild;
  row.classList.toggle("yes", labels.map(String).includes(name));
  row.querySelector(".label").textContent = name;
  row.querySelector(".num").textContent = percent(probability);
  row.querySelector("i").style.setProperty("width", `${100 * probability}%`);
  return row;
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
  return ["answers", ...classes(answers)];
}

/** The cells of an answer under `columns`. */
export function cells(answer, answers) {
  return [answer.labels.join("; "), ...classes(answers).map((c) => answer.probabilities[c])];
}

function classes(answers) {
  return Object.keys(answers[0]?.probabilities ?? {}).sort();
}
