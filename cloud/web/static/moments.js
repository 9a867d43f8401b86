// Times in words, kept true while a page stands open. The same words as the server's, from data-phrases.

const root = document.documentElement;
export const phrases = JSON.parse(root.dataset.phrases);
const openedAt = Number(root.dataset.keptAt) || Date.now(); // kept: the page was made then
const centreAt = Date.parse(root.dataset.now);
const speed = Number(root.dataset.speed) || 1;

/** The centre's time, which runs faster in a demonstration. */
export function now() {
  return centreAt + (Date.now() - openedAt) * speed;
}

export function fill(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

function span(ms) {
  const minutes = Math.floor(Math.abs(ms) / 60000);
  if (minutes < 60) return fill(phrases.min, { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) {
    const days = Math.floor(hours / 24);
    return fill(days === 1 ? phrases.day : phrases.days, { n: days });
  }
  if (minutes % 60 === 0 || hours >= 10) return fill(phrases.h, { n: hours });
  return fill(phrases.h_min, { hours, minutes: minutes % 60 });
}

function ago(ms) {
  if (ms < 60000) return phrases.just_now;
  if (ms < 3600000) return fill(phrases.min_ago, { n: Math.floor(ms / 60000) });
  if (ms < 86400000) return fill(phrases.h_ago, { n: Math.floor(ms / 3600000) });
  const days = Math.floor(ms / 86400000);
  return fill(days === 1 ? phrases.day_ago : phrases.days_ago, { n: days });
}

function running(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function refresh(within = document) {
  const at = now();
  for (const element of within.querySelectorAll("time[data-form]")) {
    const past = at - Date.parse(element.dateTime);
    let said;
    if (element.dataset.form === "ago") said = ago(past);
    else if (element.dataset.form === "running") said = running(past);
    else if (element.dataset.form === "promise") {
      const phrase = past <= 0 ? phrases.left : phrases.late;
      said = fill(phrase, { moment: element.dataset.clock, left: span(past), late: span(past) });
    } else continue;
    if (element.textContent !== said) element.textContent = said;
  }
}
