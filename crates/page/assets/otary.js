// What a form cannot: regions that follow the fleet, a file that is dropped, a text that is copied, a query that is completed.
// Without it every view still works.
"use strict";

const csrf = document.querySelector("meta[name=csrf]")?.content ?? "";

// Regions that follow the fleet: elements with an id and data-live. The view is asked for again, and what differs is replaced.
const live = {
  source: null,
  waiting: 0,
  last: 0,
  open() {
    if (!document.querySelector("[data-live]") || document.hidden || this.source) return;
    this.source = new EventSource("/api/v1/events");
    for (const kind of ["audit", "campaign", "device"]) this.source.addEventListener(kind, () => this.soon());
    this.source.addEventListener("error", () => { if (this.source?.readyState === EventSource.CLOSED) this.close(); });
  },
  close() { this.source?.close(); this.source = null; },
  soon() {
    if (this.waiting) return;
    const pause = Math.max(300, this.last + 2000 - Date.now());
    this.waiting = setTimeout(() => { this.waiting = 0; this.last = Date.now(); this.renew(); }, pause);
  },
  async renew() {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(old.id);
      if (now && !now.isEqualNode(old) && !isBusy(old)) old.replaceWith(document.importNode(now, true));
    }
  },
};

// Nobody's typing, opened form or selected text is taken away.
function isBusy(region) {
  const selection = document.getSelection();
  return region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")
    || region.querySelector("details[open]")
    || selection && !selection.isCollapsed && region.contains(selection.anchorNode);
}

document.addEventListener("visibilitychange", () => { if (document.hidden) { live.close(); } else { live.open(); live.soon(); } });
addEventListener("pagehide", () => live.close());
addEventListener("pageshow", () => live.open());
// Ages go on growing while nothing happens.
setInterval(() => { if (!document.hidden && document.querySelector("[data-live]")) live.soon(); }, 30000);

// What can be copied.
for (const box of document.querySelectorAll(".copy")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.querySelector("pre, code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  box.append(button);
}

// Files that are dropped on the page, or chosen: sent one after the other, then looked at before anything is published.
const drop = document.querySelector("[data-upload]");
if (drop) {
  const picker = drop.querySelector("input[type=file]"), raw = drop.querySelector("[data-raw]"), told = drop.querySelector("[role=status]");
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); sendAll([...event.dataTransfer.files]); });
  picker.addEventListener("change", () => sendAll([...picker.files]));

  async function sendAll(files) {
    const kept = document.querySelectorAll("input[type=hidden][name=file]"), query = new URLSearchParams();
    for (const part of kept) query.append("file", part.value);
    for (const file of files) {
      const found = await send(file).catch((problem) => { told.textContent = `${file.name}: ${problem.message}`; told.className = "say bad"; });
      if (!found) return;
      query.append("file", `${raw.checked ? "raw:" : ""}${found.artifact.id}:${file.name}`);
    }
    if (files.length) location.assign(`${drop.dataset.upload}?${query}`);
  }

  function send(file) {
    return new Promise((done, failed) => {
      const request = new XMLHttpRequest(), bar = document.createElement("progress"), label = document.createElement("span");
      bar.setAttribute("aria-label", `Upload of ${file.name}`);
      told.replaceChildren(label, bar);
      request.open("POST", `/api/v1/artifacts?file=${encodeURIComponent(file.name)}&raw=${raw.checked}`);
      request.setRequestHeader("X-Otary-Csrf", csrf);
      request.upload.addEventListener("progress", (event) => {
        bar.max = event.total;
        bar.value = event.loaded;
        label.textContent = `${file.name}: ${Math.floor(100 * event.loaded / Math.max(1, event.total))} %`;
      });
      request.addEventListener("load", () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { /* told below */ }
        if (request.status < 300) done(answer);
        else failed(new Error([answer.detail ?? `the server answered ${request.status}`, answer.help].filter(Boolean).join(": ")));
      });
      request.addEventListener("error", () => failed(new Error("the connection broke")));
      request.send(file);
    });
  }
}

// A query box that knows the words: the last one that is being written is completed.
for (const box of document.querySelectorAll("input[data-words]")) {
  const list = document.getElementById(box.dataset.words), words = [...list.options].map((option) => option.value);
  box.setAttribute("list", list.id);
  box.addEventListener("input", () => {
    const [, before, start] = box.value.match(/^(.*?)([^\s()]*)$/s);
    const fitting = start ? words.filter((word) => word.startsWith(start) && word !== start) : words;
    list.replaceChildren(...fitting.map((word) => new Option(undefined, before + word)));
  });
}

// Keys: `/` leads to the search box, Escape out of it.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && search && !event.ctrlKey && !event.metaKey && !event.target.matches("input, textarea, select")) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "Escape" && event.target === search) search.blur();
});

// A button that was pressed is not pressed again while the answer is on its way.
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("button:not([type=button])")) setTimeout(() => { button.disabled = true; });
});
addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form button[disabled]:not([data-off])")) button.disabled = false; });
