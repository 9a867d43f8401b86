// A photo is made small on the phone before it goes anywhere: only its points are sent, never the file with its place.

import { phrases } from "./moments.js";

const offline = document.body.dataset.offline !== undefined && (await import("./offline.js"));
const SMALL = 96;

/** The picture in the file as a JPEG of `edge` points at most, and as a tiny one in words for an <img>. */
async function shrink(file, edge) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const draw = (most) => {
    const scale = Math.min(1, most / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
  const blob = await new Promise((resolve) => draw(edge).toBlob(resolve, "image/jpeg", 0.8));
  return { blob, small: draw(SMALL).toDataURL("image/jpeg", 0.6) };
}

/** Where what goes wrong is said. */
const problemOf = (input) => input.closest("section").querySelector(".problem");

function say(input, text) {
  problemOf(input).textContent = text;
  problemOf(input).hidden = text === "";
}

function showSmall(input, small) {
  const list = input.closest("section").querySelector(".photos-here");
  if (!list) return;
  const picture = document.createElement("img");
  picture.src = small;
  picture.alt = "";
  list.append(picture);
}

async function send(input, made) {
  const marks = offline ? offline.mark() : {};
  const act = { path: input.dataset.photo, blob: made.blob, small: made.small, words: input.dataset.words, body: marks };
  if (offline && (await offline.isBehind())) return offline.waitFor(act);
  const answer = await fetch(`${act.path}?${new URLSearchParams(marks)}`, {
    method: "POST",
    headers: { "content-type": "image/jpeg", accept: "application/json" },
    body: made.blob,
  }).catch(() => null);
  if (answer === null && offline) return offline.waitFor(act);
  if (answer === null) return say(input, phrases.no_answer);
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    return say(input, [said.error, said.detail].filter(Boolean).join(". ") || String(answer.status));
  }
  if (input.dataset.then) location.assign(input.dataset.then);
}

for (const input of document.querySelectorAll("input[data-photo]")) {
  input.addEventListener("change", async () => {
    say(input, "");
    for (const file of input.files) {
      let made;
      try {
        made = await shrink(file, Number(input.dataset.edge));
      } catch {
        say(input, phrases.no_photo);
        continue;
      }
      showSmall(input, made.small);
      await send(input, made);
    }
    input.value = "";
  });
}
