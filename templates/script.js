// Sorting, filtering, folding and links. The page is complete without any of it, and everything a
// sandboxed frame may refuse is asked for carefully.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");

  function each(list, action) { Array.prototype.forEach.call(list, action); }

  // Numbers as the page writes them (see numbers.py).
  function scaled(number, units) {
    var unit = 0;
    while (number >= 999.5 && unit < units.length - 1) { number /= 1000; unit += 1; }
    return number.toFixed(number < 9.995 ? 2 : number < 99.95 ? 1 : 0) + " " + units[unit];
  }
  function count(number) {
    return number < 10000 ? number.toLocaleString("en-US") : scaled(number, ["", "k", "M", "G", "T", "P", "E"]);
  }
  function size(number) {
    return number < 1000 ? number + " B" : scaled(number, ["", "k", "M", "G", "T", "P", "E"]) + "B";
  }

  // A place is shown by opening whatever it is folded into.
  function show(id, push) {
    var target = id && document.getElementById(id);
    if (!target) { return false; }
    if (target.hidden) { reset(target.closest("table")); }
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
    return true;
  }
  function fragment(link) {
    var href = link.getAttribute("href") || "";
    return href.charAt(0) === "#" ? href.slice(1) : "";
  }
  function copy(text) {
    try {
      if (navigator.clipboard && navigator.clipboard.writeText) {
        navigator.clipboard.writeText(text).catch(function () { /* refused: the link itself still works */ });
        return true;
      }
    } catch (refused) { /* the same */ }
    return false;
  }

  document.addEventListener("click", function (event) {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) { return; }
    var link = event.target.closest && event.target.closest("a[href^='#']");
    if (link) {
      // Native anchors do nothing in a blob frame, so the page scrolls by itself.
      if (show(fragment(link), true)) { event.preventDefault(); }
      if (link.classList.contains("here")) {
        var address = "#" + fragment(link);
        try { address = location.href.split("#")[0] + address; } catch (refused) { /* only the fragment */ }
        if (copy(address)) {
          link.classList.add("copied");
          setTimeout(function () { link.classList.remove("copied"); }, 1500);
        }
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
  function decode(hash) {
    try { return decodeURIComponent(hash.slice(1)); } catch (malformed) { return ""; }
  }
  try { if (location.hash) { show(decode(location.hash), false); } } catch (refused) { /* no location */ }

  // Each table of layers.
  function reset(table) {
    var tools = document.querySelector('[data-for="' + table.id + '"]');
    each(tools.querySelectorAll("input, select"), function (field) { field.value = ""; });
    table.filter();
  }
  function key(cell) {
    if (!cell) { return ""; }
    var exact = cell.getAttribute("title");
    if (exact !== null && cell.classList.contains("n")) {
      return exact === "nan" ? NaN : exact === "inf" ? Infinity : exact === "-inf" ? -Infinity : Number(exact);
    }
    if (cell.classList.contains("found")) { return cell.querySelectorAll("a").length; }
    // Without an exact form beside it the text is one, or a dash.
    return cell.classList.contains("n") ? parseFloat(cell.textContent.replace("\u2212", "-").replace(/,/g, "")) : cell.textContent;
  }
  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") {
      // What has no number comes last in either direction.
      if (isNaN(one) || isNaN(other)) { return isNaN(one) ? (isNaN(other) ? 0 : 2) : -2; }
      return one < other ? -1 : one > other ? 1 : 0;
    }
    return collator ? collator.compare(one, other) : one < other ? -1 : one > other ? 1 : 0;
  }
  var collator = typeof Intl === "object" ? new Intl.Collator("en", { numeric: true }) : null;

  // Heads that sort `rows` ({row, body, position}), whose bodies stand in `box`.
  function sorts(table, rows, box) {
    var heads = table.tHead.rows[0].cells;
    each(heads, function (head, column) {
      if (head.tagName !== "TH") { return; }
      // No <button>: Chromium leaves it out where it repeats a table's head in print.
      var button = document.createElement("span");
      button.setAttribute("role", "button");
      button.tabIndex = 0;
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () { sort(head, column); });
      button.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(head, column); }
      });
    });
    function sort(head, column) {
      var numeric = head.classList.contains("n") || head.classList.contains("last");
      var now = head.getAttribute("aria-sort");
      // First the direction that is asked for most, then the other, then the order of the model.
      var first = numeric ? "descending" : "ascending", second = numeric ? "ascending" : "descending";
      var next = now === first ? second : now === second ? "" : first;
      each(heads, function (other) { other.removeAttribute("aria-sort"); });
      var order = rows.slice();
      if (next) {
        head.setAttribute("aria-sort", next);
        var sign = next === "ascending" ? 1 : -1;
        each(order, function (entry) { entry.key = key(cell(entry.row, column)); });
        order.sort(function (one, other) {
          var by = compare(one.key, other.key);
          return (by === 2 || by === -2 ? by : sign * by) || one.position - other.position;
        });
      }
      var moved = document.createDocumentFragment();
      each(order, function (entry) { moved.appendChild(entry.body); });
      box.appendChild(moved);
    }
    function cell(row, column) {
      // A skipped tensor's reason spans the columns of its numbers.
      for (var at = 0, index = 0; index < row.cells.length; index += 1) {
        var span = row.cells[index].colSpan;
        if (column < at + span) { return span > 1 ? null : row.cells[index]; }
        at += span;
      }
      return null;
    }
  }

  each(document.querySelectorAll("table.sorts"), function (table) {
    var body = table.tBodies[0];
    sorts(table, Array.prototype.map.call(body.rows, function (row, position) {
      return { row: row, body: row, position: position };
    }), body);
  });

  each(document.querySelectorAll("table.layers"), function (table) {
    var bodies = Array.prototype.slice.call(table.tBodies);
    var tools = document.querySelector('[data-for="' + table.id + '"]');
    var total = table.querySelector(".total");
    var whole = total.textContent;
    var rows = bodies.map(function (body, position) {
      var row = body.rows[0], found = row.querySelector(".found");
      var titles = [];
      each(found.querySelectorAll("a"), function (link) { titles.push(link.title); });
      return { body: body, row: row, position: position, text: (row.textContent + " " + titles.join(" ")).toLowerCase() };
    });
    sorts(table, rows, table);
    if (!tools) { return; }
    tools.hidden = false;
    var text = tools.querySelector("input"), kind = tools.querySelector(".by-kind"), model = tools.querySelector(".by-model");
    function filter() {
      var words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      var shown = 0, elements = 0, bytes = 0;
      each(rows, function (entry) {
        var kindCell = entry.row.querySelector(".kind");
        var fits = words.every(function (word) { return entry.text.indexOf(word) >= 0; }) &&
          (!kind || !kind.value || kindCell.textContent === kind.value) &&
          (!model || !model.value || entry.row.cells[1].textContent === model.value);
        entry.body.hidden = !fits;
        if (fits) { shown += 1; elements += Number(entry.body.dataset.n); bytes += Number(entry.body.dataset.b); }
      });
      var filtered = words.length || (kind && kind.value) || (model && model.value);
      total.textContent = filtered ? count(shown) + " of " + count(rows.length) + " shown, " + count(elements) + " " + table.dataset.what + ", " + size(bytes) : whole;
    }
    table.filter = filter;
    text.addEventListener("input", filter);
    each(tools.querySelectorAll("select"), function (field) { field.addEventListener("change", filter); });
    function fold(open) {
      return function () {
        each(rows, function (entry) {
          var card = entry.body.querySelector(".more details");
          if (card && !entry.body.hidden) { card.open = open; }
        });
      };
    }
    each(tools.querySelectorAll(".unfold"), function (button) { button.addEventListener("click", fold(true)); });
    each(tools.querySelectorAll(".fold"), function (button) { button.addEventListener("click", fold(false)); });
  });
})();
