// Somebody's ratings: found by typing, given by stars; or the number of somebody in the data.

import { say } from "./say.js";
import { shape } from "./shape.js";

export const one = "question";
export const many = "questions";
export const hint = "";

const PAUSE = 150; // milliseconds after the last key, before it is looked for
const SHOWN = 8; // titles
const rate = document.querySelector("form.rate");
const known = document.querySelector("form.known");
const search = rate.querySelector("#search");
const taken = "taken" in rate.dataset; // nothing is rated: titles without stars
const asked = new WeakMap(); // file -> the question in it
const rated = new Map(); // title -> the fieldset of its stars

/** Call `give(files)` whenever the person asks. */
export function connect(give) {
  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  rate.addEventListener("submit", (event) => {
    event.preventDefault();
    if (document.activeElement === search && search.value.trim()) return first()?.focus(); // Enter in the search
    const ratings = Object.fromEntries([...rated].map(([title, stars]) => [title, value(stars)]));
    const n = rated.size;
    give([asFile({ ratings }, n ? `for you, by ${counted(n)}` : "for everybody")]);
  });
  known.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = known.querySelector("input");
    const user = input.value.trim();
    known.querySelector(".said").textContent = user ? "" : "Who? Type a name or number of the data.";
    if (!user) return input.focus();
    give([asFile({ user }, `for ${user}`)]);
  });
  rate.querySelector("button.main").disabled = false;
}

const counted = (n) => (taken ? `what you took (${n})` : `${n} rating${n === 1 ? "" : "s"}`);

const first = () => document.querySelector("#found button");

async function look() {
  const text = search.value.trim();
  const list = document.getElementById("found");
  if (!text) return list.replaceChildren();
  const base = document.querySelector("main").dataset.predict.replace(/predict$/, "items");
  let titles;
  try {
    titles = await (await fetch(`${base}?n=${SHOWN}&q=${encodeURIComponent(text)}`)).json();
  } catch {
    return say("The server could not be reached.");
  }
  if (search.value.trim() !== text) return; // typed on meanwhile
  list.replaceChildren(...titles.map(offer));
  say(titles.length ? `${titles.length} found.` : `Nothing is called ${text}.`);
}

function offer(title) {
  const item = shape("found-one").firstElementChild;
  const button = item.querySelector("button");
  button.textContent = title;
  button.addEventListener("click", () => add(title));
  return item;
}

/** A title to be rated, with the highest rating at first. */
function add(title) {
  if (!rated.has(title)) {
    const stars = shape("rated-one").firstElementChild;
    stars.querySelector("legend").textContent = title;
    for (const radio of stars.querySelectorAll("[type=radio]")) radio.name = `stars of ${title}`;
    const inputs = [...stars.querySelectorAll("input")];
    if (inputs.at(-1)) Object.assign(inputs.at(-1), { checked: true });
    const slider = stars.querySelector("[type=range]");
    if (slider) connectSlider(slider, title);
    const remove = stars.querySelector(".remove");
    remove.setAttribute("aria-label", `Remove ${title}`);
    remove.addEventListener("click", () => {
      rated.delete(title);
      stars.remove();
      search.focus();
      count();
    });
    rated.set(title, stars);
    rate.querySelector(".rated").append(stars);
    count();
  }
  search.value = "";
  document.getElementById("found").replaceChildren();
  const stars = rated.get(title);
  (stars.querySelector("input:checked") ?? stars.querySelector("input") ?? search).focus();
}

function connectSlider(slider, title) {
  slider.value = slider.max;
  slider.setAttribute("aria-label", `Your rating of ${title}`);
  const output = slider.parentElement.querySelector("output");
  const set = () => (output.textContent = slider.value);
  slider.addEventListener("input", set);
  set();
}

function count() {
  rate.querySelector(".none").hidden = rated.size > 0;
}

function value(stars) {
  const input = stars.querySelector("input:checked, [type=range]");
  return input ? Number(input.value) : 1; // clicks have no number
}

function asFile(question, title) {
  const file = new File([JSON.stringify(question)], title, { type: "application/json" });
  asked.set(file, question);
  return file;
}

/** How a question is sent. */
export function request(file) {
  return { body: file, headers: { "Content-Type": "application/json" } };
}

/** What was asked. */
export function show(figure, file) {
  const { ratings = {}, user } = asked.get(file);
  figure.replaceChildren(shape("values"));
  const list = figure.querySelector("dl");
  for (const [key, said] of user === undefined ? Object.entries(ratings) : []) {
    const [term, text] = ["dt", "dd"].map((tag) => document.createElement(tag));
    [term.textContent, text.textContent] = [taken ? "taken" : key, taken ? key : said];
    list.append(term, text);
  }
  figure.hidden = !list.childElementCount;
  if (!figure.hidden) Object.assign(figure, { tabIndex: 0, role: "group", ariaLabel: "What was asked" });
  return () => {};
}

export function explain() {}
