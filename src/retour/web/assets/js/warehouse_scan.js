// The scan field keeps the focus; the result is heard and felt; one code twice within two seconds is one scan.
const SAME_MS = 2000;
const TONES = { ok: [[1320, 90]], warn: [[660, 90], [660, 90]], bad: [[220, 320]] };
let last = { code: "", at: 0 };
let sound;

function field() {
  return document.querySelector("[data-scan] input");
}

function focusField() {
  const wanted = field();
  if (wanted && !document.querySelector("dialog[open]")) wanted.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => {
  const input = event.target.querySelector?.("[data-scan] input");
  if (!input) return;
  const now = Date.now();
  const code = input.value.trim();
  if (code && code === last.code && now - last.at < SAME_MS) {
    event.preventDefault();
    event.stopPropagation();
    input.value = "";
    return;
  }
  last = { code, at: now };
}, true);

function tell() {
  const box = document.querySelector("[data-scan][data-tone]");
  if (!box) return;
  const tone = box.dataset.tone;
  box.removeAttribute("data-tone");
  // Until somebody has touched the page the browser would refuse, and say so in its log.
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
  if (tone === "bad") navigator.vibrate?.(200);
  try {
    sound ??= new AudioContext();
    let at = sound.currentTime;
    for (const [hertz, ms] of TONES[tone] ?? []) {
      const voice = sound.createOscillator();
      voice.frequency.value = hertz;
      voice.connect(sound.destination);
      voice.start(at);
      voice.stop(at + ms / 1000);
      at += ms / 1000 + 0.06;
    }
  } catch {
    // Silence is fine: the word and the colour say it too.
  }
}

if (!field()?.autofocus) focusField();
tell();
document.addEventListener("retour:swapped", () => {
  focusField();
  tell();
});
// A tap on nothing gives the focus back; a tap on something else keeps it there.
document.addEventListener("pointerup", (event) => {
  if (!event.target.closest("a, button, input, select, textarea, label, summary, dialog")) focusField();
});
