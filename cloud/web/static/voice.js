// A spoken word: held in memory while it is said, sent when it ends, at most a minute. The microphone is let go at once.

import { phrases } from "./moments.js";

const MOST_MS = 60_000;
const PIECE_MS = 250;
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
let place, button, said;
const kind = KINDS.find((one) => window.MediaRecorder?.isTypeSupported(one));
let recorder = null;

function say(text) {
  said.textContent = text;
  said.hidden = text === "";
}

function show(state) {
  button.dataset.state = state;
  for (const words of button.querySelectorAll("[data-in]")) words.hidden = words.dataset.in !== state;
  button.disabled = state === "sending";
}

async function send(parts) {
  show("sending");
  const type = kind.split(";")[0];
  const answer = await fetch(place.dataset.to, {
    method: "POST",
    headers: { "content-type": type, accept: "application/json" },
    body: new Blob(parts, { type }),
  }).catch(() => null);
  show(answer?.ok ? "kept" : "ready");
  if (!answer?.ok) say(phrases.elder_try_again);
}

async function begin() {
  say("");
  let sound;
  try {
    sound = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  } catch {
    say(phrases.no_sound);
    return;
  }
  const parts = [];
  recorder = new MediaRecorder(sound, { mimeType: kind, audioBitsPerSecond: 32_000 });
  recorder.addEventListener("dataavailable", (event) => {
    if (event.data.size === 0) return;
    parts.push(event.data);
    if (button.dataset.state !== "hearing") show("hearing"); // not before the first of it is there
  });
  recorder.addEventListener("stop", () => {
    for (const track of sound.getTracks()) track.stop();
    recorder = null;
    if (parts.length > 0) {
      send(parts);
    } else {
      show("ready");
      say(phrases.no_sound);
    }
  });
  recorder.start(PIECE_MS);
  setTimeout(() => recorder?.stop(), MOST_MS);
}

function bind() {
  place = document.querySelector(".spoken");
  if (!place || !kind || !navigator.mediaDevices) return;
  button = place.querySelector("button");
  said = place.querySelector(".problem");
  place.hidden = false;
  show("ready");
  button.addEventListener("click", () => (recorder ? recorder.stop() : begin()));
}

bind();
document.addEventListener("renewed", bind); // the page keeps itself fresh
