// Files from a button, dropped anywhere in the window, or pasted.

/** Let the button of each of `kinds` open its file input; `give(files)` is called with what was chosen. */
export function connectButtons(kinds, give) {
  for (const kind of kinds) {
    const [button, input] = ["button", "input"].map((tag) => document.querySelector(`.drop ${tag}.${kind}`));
    button.disabled = false;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      give([...input.files]);
      input.value = ""; // so that the same file can be chosen again
    });
  }
}

/** The whole window takes what is dropped: beside the box, the browser would leave the page and open the file. */
export function connectDrop(give) {
  const box = document.querySelector(".drop");
  let depth = 0; // of the elements that the pointer has entered
  const over = (change) => {
    depth = Math.max(0, depth + change);
    box.classList.toggle("over", depth > 0);
  };
  document.addEventListener("dragenter", () => over(1));
  document.addEventListener("dragleave", () => over(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(-depth);
    give([...event.dataTransfer.files]);
  });
}

/** What is pasted, where it is files. */
export function connectPaste(give) {
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) event.preventDefault();
    give(files);
  });
}
