// Photos: chosen, dropped, pasted or taken; the preview; where the model looked, over it.

import { connectButtons, connectDrop, connectPaste } from "./drop.js";
import { drawHeat } from "./heat.js";
import { shape } from "./shape.js";

export const one = "photo";
export const many = "photos";
export const hint = "JPEG, PNG, WebP, GIF, BMP and TIFF can be read.";

let strength = 0; // of the heat map, in percent; new cards begin where the last slider was left

/** Call `give(files)` whenever the person gives photos. */
export function connect(give) {
  connectButtons(["choose", "take"], give);
  connectPaste(give);
  connectDrop(give);
}

/** Show the photo in its figure; returns what must be called when the card goes. */
export function show(figure, file) {
  const photo = new Image();
  const address = URL.createObjectURL(file);
  photo.alt = file.name;
  photo.decoding = "async";
  photo.src = address;
  photo.addEventListener("error", () => photo.replaceWith(shape("no-preview"))); // a TIFF, or no picture at all
  figure.replaceChildren(photo);
  return () => URL.revokeObjectURL(address);
}

/** Put what the answer tells of the photo's parts over it. */
export async function explain(figure, answer) {
  const photo = figure.querySelector("img");
  if (!answer.heat || !photo) return;
  try {
    await photo.decode();
  } catch {
    return; // a photo that this browser cannot show
  }
  figure.append(shape("heat"));
  const [canvas, slider] = [figure.querySelector("canvas"), figure.querySelector("input")];
  drawHeat(canvas, answer.heat, photo.naturalWidth, photo.naturalHeight);
  slider.setAttribute("aria-label", `Where it looked in ${photo.alt}`);
  const set = () => {
    strength = Number(slider.value);
    canvas.style.setProperty("opacity", String(strength / 100));
    slider.setAttribute("aria-valuetext", `${strength} % opaque`);
  };
  slider.value = String(strength);
  set();
  slider.addEventListener("input", set);
}
