// What somebody would like: titles with a bar each, and why.

import { shape } from "./shape.js";

/** Fill a card's body. */
export function fill(body, answer) {
  const content = shape("answer");
  const list = content.querySelector("ol");
  const taken = "taken" in list.dataset; // nothing is rated
  list.append(...answer.recommendations.map((one) => row(one, answer.recommendations[0], list.dataset)));
  body.replaceChildren(content);
  if (!answer.few) return;
  const note = shape("new-here");
  note.querySelector("p").textContent = answer.rests_on
    ? `You are new here: these rest on ${counted(answer.rests_on, taken)} and lean towards what many people ${taken ? "take" : "like"}. They sharpen as you ${taken ? "add more" : "rate"}.`
    : `This is what most people ${taken ? "take" : "like"}. ${taken ? "Choose" : "Rate"} a few, and it becomes yours.`;
  body.append(note);
}

function row({ item, predicted, why }, best, { low, high }) {
  const line = shape("liked-one").firstElementChild;
  line.querySelector("b").textContent = item;
  line.querySelector(".what .small").textContent = why;
  line.querySelector(".num").textContent = predicted.toFixed(predicted < 1 ? 2 : 1);
  const share = high ? (predicted - low) / (high - low) : predicted / best.predicted;
  line.querySelector("i").style.setProperty("width", `${100 * Math.min(1, Math.max(0, share))}%`);
  return line;
}

function counted(n, taken) {
  if (taken) return n === 1 ? "one thing you took" : `${n} things you took`;
  return n === 1 ? "one rating" : `${n} ratings`;
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
  const n = Math.max(0, ...answers.map((answer) => answer.recommendations.length));
  return Array.from({ length: n }, (_, i) => `recommended ${i + 1}`);
}

/** The cells of an answer under `columns`. */
export function cells(answer, answers) {
  return columns(answers).map((_, i) => answer.recommendations[i]?.item ?? "");
}
