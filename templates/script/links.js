// Places: what is folded opens when a link leads into it, and the address of a place can be copied.
function each(list, action) { Array.prototype.forEach.call(list, action); }

// Tables that draw only some of their rows give a place that is not drawn when asked (layers.js).
var finders = [];

function show(id, push) {
  var target = id && document.getElementById(id);
  if (id && (!target || target.hidden)) {
    finders.some(function (find) { return find(id); });
    target = document.getElementById(id);
  }
  if (!target) { return false; }
  for (var box = target; box; box = box.parentElement) {
    if (box.tagName === "DETAILS") { box.open = true; }
  }
  if (target.tagName === "TBODY") {
    var card = target.querySelector(".more details");
    if (card) { card.open = true; }
  }
  each(document.querySelectorAll(".target"), function (old) { old.classList.remove("target"); });
  target.classList.add("target");
  if (push) {
    try { history.pushState(null, "", "#" + id); } catch (refused) { /* a frame without a location of its own */ }
  }
  target.scrollIntoView();
  // Where the keyboard goes on from; a place takes the focus only for this.
  if (!target.hasAttribute("tabindex")) { target.setAttribute("tabindex", "-1"); }
  target.focus({ preventScroll: true });
  return true;
}
function fragment(link) {
  var href = link.getAttribute("href") || "";
  return href.charAt(0) === "#" ? href.slice(1) : "";
}
function decode(hash) {
  try { return decodeURIComponent(hash.slice(1)); } catch (malformed) { return ""; }
}

// The clipboard, or where a frame refuses it the older way; `done` hears whether either took the text.
function copy(text, done) {
  function older() {
    var field = document.createElement("textarea"), before = document.activeElement, taken = false;
    field.value = text;
    field.className = "aside";
    document.body.appendChild(field);
    field.select();
    try { taken = document.execCommand("copy"); } catch (refused) { taken = false; }
    field.remove();
    if (before && before.focus) { before.focus({ preventScroll: true }); }
    done(taken);
  }
  try {
    navigator.clipboard.writeText(text).then(function () { done(true); }, older);
  } catch (refused) { older(); }
}
// The address of a place for other people: a file's or a server's, not that of a frame.
function address(id) {
  try {
    if (/^(https?|file):$/.test(location.protocol)) { return location.href.split("#")[0] + "#" + id; }
  } catch (refused) { /* only the fragment */ }
  return "#" + id;
}

document.addEventListener("click", function (event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) { return; }
  var link = event.target.closest && event.target.closest("a[href^='#']");
  if (link) {
    // Native anchors do nothing in a blob frame, so the page scrolls by itself.
    if (show(fragment(link), true)) { event.preventDefault(); }
    if (link.classList.contains("here")) {
      copy(address(fragment(link)), function (taken) {
        link.classList.add(taken ? "copied" : "kept");
        setTimeout(function () { link.classList.remove("copied", "kept"); }, 1500);
      });
    }
    return;
  }
  var row = event.target.closest && event.target.closest("tr.row");
  if (row && !event.target.closest("a, button, input, select")) {
    var picked = "";
    try { picked = String(getSelection()); } catch (refused) { picked = ""; }
    var card = row.parentElement.querySelector(".more details");
    if (card && !picked) { card.open = !card.open; }
  }
});
addEventListener("hashchange", function () { show(decode(location.hash), false); });
