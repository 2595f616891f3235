// Every scan is written down on the device before it is sent, with its nonce, and crossed out by the server's answer.
// Without a network it waits there, in order; nothing is shown as done before the server has said so.
const form = document.querySelector("form[data-dock]");
const PATIENCE_MS = 8000;
const EVERY_MS = 5000;
const MOST = 500;
const TONE_MS = 120;

// What kept scans wait for: nothing, the network, or somebody who signs in.
const FREE = "free", OFFLINE = "offline", SIGN_IN = "sign-in";

function nonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function counted(words, name, n) {
  return n === 1 ? words[`${name}One`] : words[`${name}Many`].replace("{n}", n);
}

// The list on the device; another tab may work on it too, so each change begins with what is there.
class Kept {
  constructor(key) {
    this.key = key;
  }
  all() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) ?? [];
    } catch {
      return [];
    }
  }
  add(scan) {
    const all = this.all();
    if (all.length >= MOST) return false;
    try {
      localStorage.setItem(this.key, JSON.stringify([...all, scan]));
      return true;
    } catch {
      return false;
    }
  }
  cross(scan) {
    localStorage.setItem(this.key, JSON.stringify(this.all().filter((other) => other.nonce !== scan.nonce)));
  }
}

function start() {
  const words = form.dataset;
  const kept = new Kept(`retour-dock-${words.dock}`);
  const waiting = document.getElementById("waiting");
  const box = form.querySelector("[data-scan]");
  const input = form.elements.code;
  let sending = false;

  function line(name, after) {
    const found = box.querySelector(`.${name}`) ?? document.createElement("p");
    found.className = name;
    after.after(found);
    return found;
  }

  function show(tone, word, code, text) {
    box.className = `scan scan-${tone}`;
    box.dataset.tone = tone;
    const said = box.querySelector(".scan-word");
    said.textContent = word;
    const shown = line("scan-code", said);
    shown.textContent = code;
    line("hint", shown).textContent = text;
    document.dispatchEvent(new Event("retour:swapped"));
  }

  function tally() {
    const n = kept.all().length;
    waiting.hidden = n === 0;
    waiting.textContent = n ? counted(words, "waiting", n) : "";
  }

  // Returns the server's answer, or what the scan has to wait for.
  async function send(scan) {
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams({ ...scan, _csrf: form.elements._csrf.value }),
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
    } catch {
      return OFFLINE;
    }
    if (answer.status === 401 || answer.status === 403) return SIGN_IN;
    if (answer.status === 429 || answer.status >= 500) return OFFLINE;
    return { taken: answer.ok, ...(await answer.json().catch(() => ({}))) };
  }

  function stop(why) {
    const all = kept.all();
    tally();
    const text = why === SIGN_IN ? words.signIn : counted(words, "kept", all.length);
    show("warn", words.keptWord, all.at(-1)?.code ?? "", text);
  }

  // The answer is seen and heard at once; the page that it leads to follows when the tone has sounded.
  function leave(href, told) {
    show(told.tone, told.word, told.code, told.text);
    setTimeout(() => location.assign(href), TONE_MS);
  }

  // Sends what is kept, oldest first, and then goes where the last scan leads; what the server refuses stays on screen.
  async function flush() {
    if (sending) return;
    sending = true;
    let href, last, refused, state = FREE;
    for (let scan = kept.all()[0]; scan && state === FREE; scan = kept.all()[0]) {
      const told = await send(scan);
      if (told === OFFLINE || told === SIGN_IN) {
        state = told;
        break;
      }
      kept.cross(scan);
      if (told.taken) [href, last] = [told.href, told];
      else refused = { ...told, code: scan.code };
    }
    sending = false;
    if (state !== FREE) stop(state);
    else tally();
    if (refused) show("bad", refused.word ?? "", refused.code, words.notTaken.replace("{text}", refused.text ?? ""));
    else if (href && state === FREE) leave(href, last);
  }

  form.addEventListener("submit", (event) => {
    const code = input.value.trim();
    if (event.defaultPrevented || !code) return; // for an empty field the server says what is missing
    const scan = { code, nonce: nonce(), at: new Date().toISOString() };
    if (form.elements.within) scan.within = form.elements.within.value;
    if (!kept.add(scan)) return; // no room on the device: the form goes the plain way
    event.preventDefault();
    input.value = "";
    flush();
  });

  addEventListener("online", flush);
  setInterval(() => {
    if (document.visibilityState === "visible" && kept.all().length) flush();
  }, EVERY_MS);
  tally();
  if (kept.all().length) flush();
}

if (form) start();
