// What does the page say when its server is lost, was started again, or has no place for it?
//
// Solara keeps the state of the connection in `app` (a Vue object). This script reads it and asks the server itself whether it is
// there; it shows one notice in the language that the page has at the time. Nothing else is asked of anybody.
(function () {
  "use strict";
  const { root, words } = JSON.parse(document.getElementById("lintas-words").textContent);
  const WAIT = 1000; // milliseconds without a connection before anything is said: a short break is mended by then
  const FIRST = 8000; // milliseconds for the first connection
  let since = Date.now(), asked = 0, answer = "";
  let notice, text, button, shown = "", kernel = null, followed = null;
  let isLinkToRow = new URLSearchParams(location.search).has("claim");

  function language() {
    const main = document.querySelector("main.lintas");
    const code = (main && main.lang) || document.documentElement.lang;
    return words[code] ? code : "en";
  }

  function show(name) {
    const code = language();
    if (document.documentElement.lang !== code) document.documentElement.lang = code;
    if (!notice) {
      notice = document.createElement("div");
      notice.id = "lintas-notice";
      notice.setAttribute("role", "alert");
      text = document.createElement("span");
      button = document.createElement("button");
      button.type = "button";
      button.addEventListener("click", () => location.reload());
      notice.append(text, button);
      notice.hidden = true;
      document.body.append(notice);
    }
    if (shown === name + code) return;
    shown = name + code;
    notice.hidden = !name;
    if (!name) return;
    text.textContent = words[code][name];
    button.textContent = words[code].reload;
    button.hidden = name === "lost";
  }

  // The address follows the view without a step in the browser's history for each move of a slider.
  function follow() {
    const link = document.getElementById("lintas-link");
    const query = link && link.dataset.query;
    if (query === null || query === undefined || query === followed) return;
    followed = query;
    history.replaceState(history.state, "", location.pathname + query + location.hash);
  }

  // A link to an open row begins at that row.
  function goToRow() {
    const row = document.querySelector(".lintas-open-row");
    if (!isLinkToRow || !row) return;
    isLinkToRow = false;
    row.scrollIntoView({ block: "start" });
  }

  // Is the server there, and has it a place? Asked at most every two seconds, and only while there is no connection.
  async function ask() {
    if (Date.now() - asked < 2000) return;
    asked = Date.now();
    try {
      const reply = await fetch(`${root}/lintas/state`, { cache: "no-store", signal: AbortSignal.timeout(5000) });
      answer = reply.ok ? ((await reply.json()).is_full ? "full" : "there") : "gone";
    } catch (error) {
      answer = "gone";
    }
  }

  // A widget sends one change at a time: the next one waits until the server has answered. An answer that is lost with its connection
  // never comes, and the widget would wait for it, with all later changes, until the page is loaded again. So each change without an
  // answer is said once more; the browser's side keeps it until there is a connection, and to say the same twice changes nothing.
  async function sayAgain(manager) {
    for (const promise of Object.values(manager._models)) {
      const model = await promise.catch(() => null);
      if (!model || !model._pending_msgs) continue;
      const names = [...model._expectedEchoMsgIds.keys(), ...Object.keys(model._msg_buffer || {})];
      const changed = Object.fromEntries(names.map((name) => [name, model.get(name)]));
      model._pending_msgs = 0;
      model._msg_buffer = model._msg_buffer_callbacks = null;
      const message = model.send_sync_message(model.serialize(changed), model.callbacks());
      names.forEach((name) => model._expectedEchoMsgIds.set(name, message));
    }
  }

  // The kernel is the browser's end of the connection, and stays the same when the connection is made anew.
  function watchKernel() {
    const debug = window.solara && window.solara.debug;
    if (!debug || kernel === debug.kernel()) return;
    kernel = debug.kernel();
    kernel.connectionStatusChanged.connect((one) => {
      if (one.connectionStatus === "connecting") sayAgain(debug.widgetManager());
    });
  }

  function look() {
    const state = window.app && window.app.$data;
    if (!state) return;
    watchKernel();
    follow();
    goToRow();
    if (state.needsRefresh) return show("renewed");
    if (state.connectionStatus === "connected") {
      since = Date.now();
      answer = "";
      return show("");
    }
    if (Date.now() - since < (state.wasConnected ? WAIT : FIRST)) return show("");
    ask();
    if (answer === "gone") return show("stopped");
    if (answer === "full") return show("full");
    // The browser's side has given up connecting, or never could although the server is there.
    if (answer === "there" && (state.connectionStatus === "disconnected" || !state.wasConnected)) return show("renewed");
    return show(state.wasConnected ? "lost" : "");
  }

  setInterval(look, 300);
})();
