// One card: a file, and what became of it. It is loading, answered, or in error.

import { shape } from "./shape.js";

export class Card {
  /** `kinds` are the modules of the input and the answer; `put(element)` places the card on the page. */
  constructor(file, kinds) {
    this.file = file;
    this.kinds = kinds;
    this.element = shape("card").firstElementChild;
    this.figure = this.element.querySelector("figure");
    this.body = this.element.querySelector(".body");
    const title = this.element.querySelector("h3");
    title.textContent = file.name;
    title.title = file.name;
    this.forget = kinds.input.show(this.figure, file);
    this.loading();
  }

  loading() {
    this.become("loading");
    this.element.setAttribute("aria-busy", "true");
    this.body.replaceChildren(shape("loading"));
  }

  answered(answer) {
    this.answer = answer;
    const kind = this.kinds.of(answer);
    this.become(kind.state(answer));
    this.element.querySelector(".num").textContent = `${Math.round(answer.milliseconds)} ms`;
    kind.fill(this.body, answer);
    this.kinds.input.explain(this.figure, answer, this.body);
  }

  /** `hint` is a second sentence; `again` is called when the person asks to try again. */
  failed(sentence, { hint = "", again } = {}) {
    this.error = sentence;
    this.become("error");
    const content = shape("error");
    content.querySelector(".verdict").textContent = sentence;
    content.querySelector(".hint").textContent = hint;
    const button = content.querySelector("button");
    if (again) button.addEventListener("click", () => (this.element.focus(), again())); // the button goes: stay here
    else button.remove();
    this.body.replaceChildren(content);
  }

  become(state) {
    this.element.className = `card ${state}`;
    this.element.removeAttribute("aria-busy");
  }
}
