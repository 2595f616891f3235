// Scans without a network are kept on the device, in order, each with its nonce, and sent when the network is back.
// A scan is only ever shown as done by the server's answer; until then it is "kept" or "waiting to send".
const form = document.querySelector("form[data-dock]");
const PATIENCE_MS = 8000;
const EVERY_MS = 5000;
const MOST = 500;

function nonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function start() {
  const words = form.dataset;
  const key = `retour-dock-${words.dock}`;
  const waiting = document.getElementById("waiting");
  const box = form.querySelector("[data-scan]");
  const input = form.elements.code;
  let sending = false;

  const read = () => {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? [];
    } catch {
      return [];
    }
  };
  const write = (kept) => {
    localStorage.setItem(key, JSON.stringify(kept));
    tally();
  };
  const count = (one, many, n) => (n === 1 ? one : many.replace("{n}", n));

  function tally() {
    const n = read().length;
    waiting.hidden = n === 0;
    waiting.textContent = n ? count(words.waitingOne, words.waitingMany, n) : "";
  }

  function show(tone, word, code, text) {
    box.className = `scan scan-${tone}`;
    box.dataset.tone = tone;
    const line = box.querySelector(".scan-word");
    line.textContent = word;
    let shown = box.querySelector(".scan-code");
    if (!shown) {
      shown = document.createElement("p");
      shown.className = "scan-code";
      line.after(shown);
    }
    shown.textContent = code;
    let said = form.querySelector(".scan-text");
    if (!said) {
      said = document.createElement("p");
      said.className = "scan-text";
      box.after(said);
    }
    said.textContent = text;
    document.dispatchEvent(new CustomEvent("retour:told"));
  }

  async function send(scan) {
    const body = new URLSearchParams({ ...scan, _csrf: form.elements._csrf.value });
    return fetch(form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }

  function keep(scan) {
    const kept = [...read(), scan].slice(-MOST);
    try {
      write(kept);
    } catch {
      return false; // the device has no room: the form goes the plain way and the browser says what happened
    }
    show("warn", words.keptWord, scan.code, count(words.keptOne, words.keptMany, kept.length));
    return true;
  }

  // Answers: true when the server has the scan or will never take it, false to try again later.
  async function deliver(scan) {
    let answer;
    try {
      answer = await send(scan);
    } catch {
      return false;
    }
    if (answer.status === 401 || answer.status === 403) {
      show("warn", words.keptWord, scan.code, words.signIn);
      return false;
    }
    if (answer.status >= 500 || answer.status === 429) return false;
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok || told.tone === "bad") {
      const text = words.notTaken.replace("{code}", scan.code).replace("{text}", told.text ?? "");
      show("bad", told.word ?? "", scan.code, text);
    }
    return true;
  }

  async function flush() {
    if (sending || !read().length) return;
    sending = true;
    let sent = 0;
    try {
      while (read().length && (await deliver(read()[0]))) {
        write(read().slice(1));
        sent += 1;
      }
    } finally {
      sending = false;
    }
    if (sent && !read().length && !input.value && box.dataset.tone !== "bad" && !box.classList.contains("scan-bad")) {
      location.reload();
    }
  }

  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    const code = input.value.trim();
    if (!code) return; // the server says what is missing
    event.preventDefault();
    const scan = { code, nonce: nonce(), at: new Date().toISOString() };
    if (form.elements.within) scan.within = form.elements.within.value;
    input.value = "";
    if (read().length) {
      if (!keep(scan)) return;
      flush();
      return;
    }
    let answer;
    try {
      answer = await send(scan);
    } catch {
      if (!keep(scan)) {
        input.value = code;
        form.submit();
      }
      return;
    }
    if (answer.status === 401 || answer.status === 403 || answer.status >= 500) {
      keep(scan);
      return;
    }
    const told = await answer.json();
    if (told.href) location.assign(told.href);
    else show(told.tone, told.word, told.code, told.text);
  });

  addEventListener("online", flush);
  setInterval(() => document.visibilityState === "visible" && flush(), EVERY_MS);
  tally();
  flush();
}

if (form) start();
