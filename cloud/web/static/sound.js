// The tone of a new alarm: two rising notes, made here, again and again until somebody takes it.

const EVERY_MS = 2600;
let context = null;
let timer = null;

/** Browsers let a page sound only after a key or a touch. */
export function mayWake() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
}

export function canSound() {
  return context !== null && context.state === "running";
}

function tone() {
  if (!canSound()) return;
  const start = context.currentTime;
  for (const [at, hertz] of [[0, 587], [0.22, 784], [0.44, 587], [0.66, 784]]) {
    const voice = context.createOscillator();
    const loud = context.createGain();
    voice.type = "triangle";
    voice.frequency.value = hertz;
    loud.gain.setValueAtTime(0, start + at);
    loud.gain.linearRampToValueAtTime(0.35, start + at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.001, start + at + 0.21);
    voice.connect(loud).connect(context.destination);
    voice.start(start + at);
    voice.stop(start + at + 0.22);
  }
}

/** One tone, where none sounds already. */
export function soundOnce() {
  if (timer === null) tone();
}

/** Sounds while `calling`; there is no other way to silence it. */
export function sound(calling) {
  if (calling && timer === null) {
    tone();
    timer = setInterval(tone, EVERY_MS);
  } else if (!calling && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}
