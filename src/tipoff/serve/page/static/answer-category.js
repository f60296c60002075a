// One of several classes: the sentence, whether it is sure, the three most probable, and all on request.

import { percent } from "./percent.js";
import { shape } from "./shape.js";

const SHOWN = 3;
const CLOSE = 1 / 3; // of the highest probability: the second class is named with it from there on

/** Fill a card's body. */
export function fill(body, answer) {
  const content = shape("answer");
  const ranked = Object.entries(answer.probabilities);
  verdict(content.querySelector(".verdict"), answer, ranked);
  const tag = content.querySelector(".tag");
  tag?.classList.add(answer.sure ? "yes" : "unsure");
  if (tag) tag.textContent = answer.sure ? "sure" : "not sure";
  content.querySelector(".first").append(...ranked.slice(0, SHOWN).map(bar));
  if (!answer.sure) content.querySelector(".first").after(shape("not-sure"));
  more(content.querySelector("details"), ranked.slice(SHOWN));
  body.replaceChildren(content);
}

/** The state of an answer, as a class of its card. */
export function state(answer) {
  return answer.sure ? "sure" : "unsure";
}

/** The answer as it is said aloud. */
export function sentence(answer) {
  return `${answer.file}: ${answer.sentence}.`;
}

/** The columns of a table of answers. */
export function columns(answers) {
  return ["answer", "probability", "sure", ...classes(answers)];
}

/** The cells of an answer under `columns`. */
export function cells(answer, answers) {
  const sure = answer.sure ? "yes" : "no";
  return [String(answer.label), answer.probability, sure, ...classes(answers).map((c) => answer.probabilities[c])];
}

function classes(answers) {
  return Object.keys(answers[0]?.probabilities ?? {}).sort();
}

function verdict(line, answer, ranked) {
  const strong = document.createElement("b");
  if (answer.sure) {
    strong.textContent = String(answer.label);
    line.append(strong, `, ${percent(answer.probability)}`);
  } else {
    const [[first, p], [second, q] = ["", 0]] = ranked;
    const close = q >= CLOSE * p;
    strong.textContent = close ? "Not sure:" : "Probably";
    line.append(strong, close ? ` ${first} or ${second}` : ` ${first}, ${percent(p)}`);
  }
}

function bar([name, probability]) {
  const row = shape("bar");
  // a long name may break after an underscore, rather than in a word
  const parts = name.split(/(?<=_)/).flatMap((part, i) => (i ? [document.createElement("wbr"), part] : [part]));
  row.querySelector(".label").replaceChildren(...parts);
  row.querySelector(".num").textContent = percent(probability);
  row.querySelector("i").style.setProperty("width", `${100 * probability}%`);
  return row;
}

/** The less probable classes, made when they are asked for: there may be thousands. */
function more(details, rest) {
  if (!rest.length) return details.remove();
  const list = details.querySelector("ul");
  details.addEventListener("toggle", () => list.childElementCount || list.append(...rest.map(bar)));
}
