// A number, or several.

import { shape } from "./shape.js";

/** Fill a card's body. */
export function fill(body, answer) {
  const content = shape("answer");
  const strong = document.createElement("b");
  strong.textContent = answer.sentence;
  content.querySelector(".verdict").append(strong);
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
  const n = Math.max(0, ...answers.map((answer) => [answer.value].flat().length));
  return n > 1 ? Array.from({ length: n }, (_, i) => `answer ${i + 1}`) : ["answer"];
}

/** The cells of an answer under `columns`. */
export function cells(answer) {
  return [answer.value].flat();
}
