// The tables of layers: all their rows travel as data (rows.py), some are drawn. Sorting and filtering work
// on the data and then draw the first rows of the outcome, so that ten thousand cost no more than a few hundred.
var DRAWN = 40;
var STEPS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
var SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, content) {
  var made = document.createElement(name);
  for (var key in attributes) { if (attributes[key] !== undefined) { made.setAttribute(key, attributes[key]); } }
  if (typeof content === "string") { made.textContent = content; } else if (content) { made.appendChild(content); }
  return made;
}
function drawing(name, attributes) {
  var made = document.createElementNS(SVG, name);
  for (var key in attributes) { made.setAttribute(key, attributes[key]); }
  return made;
}
function number(item) {
  return item === null ? NaN : typeof item === "string" ? Number(item.replace("inf", "Infinity")) : item;
}
function entriesOf(table) {
  var data = JSON.parse(document.querySelector('script[data-for="' + table.id + '"]').textContent);
  return data.rows.map(function (row, position) {
    return {
      position: position, key: null, anchor: row[0], name: row[1], model: data.texts[row[2]], kind: data.texts[row[3]],
      family: data.texts[row[4]], shape: data.texts[row[5]], dtype: data.texts[row[6]], elements: row[7], bytes: row[8],
      figures: row[9], reason: data.texts[row[10]],
      found: row[11].map(function (index) { return data.findings[index]; }),
      sketch: row[12], zero: row[13], body: null, text: null
    };
  });
}
function textOf(entry) {
  if (entry.text === null) {
    entry.text = [entry.name, entry.model, entry.kind, entry.shape, entry.dtype, entry.reason]
      .concat(entry.found.map(function (finding) { return finding[2]; })).join(" ").toLowerCase();
  }
  return entry.text;
}

// A row that the page did not render, as the template would (sections/layers.html), without a card.
function built(entry, table) {
  var row = element("tr", { "class": "row" });
  var name = element("th", { scope: "row", "class": "m" }, element("bdi", {}, entry.name));
  name.append(" ", element("a", { "class": "here", href: "#" + entry.anchor, "aria-label": "Link to " + entry.name }, "#"));
  row.append(name);
  if (table.several) { row.append(element("td", {}, entry.model)); }
  var kind = element("td", { "class": "kind" }, element("span", { "class": "key k-" + entry.family }));
  kind.append(entry.kind);
  row.append(kind, element("td", { "class": "shape" }, entry.shape), element("td", {}, entry.dtype));
  row.append(element("td", { "class": "n", title: entry.elements }, count(entry.elements)));
  row.append(element("td", { "class": "plot" }, sketch(entry)));
  if (entry.reason) { row.append(element("td", { colspan: table.columns, "class": "reason" }, entry.reason)); }
  for (var at = 0; at < table.columns && !entry.reason; at += 1) { row.append(figure(entry.figures[at], at === table.columns - 1)); }
  var found = element("td", { "class": "found" });
  entry.found.slice(0, 3).forEach(function (finding) {
    var mark = drawing("svg", { "class": "i " + finding[1], role: "img", "aria-label": finding[2] });
    mark.appendChild(drawing("use", { href: "#i-" + finding[1] }));
    found.append(element("a", { href: "#" + finding[0], title: finding[2] }, mark));
  });
  row.append(found);
  return element("tbody", { id: entry.anchor }, row);
}
function figure(item, share) {
  if (item === undefined) { return element("td", { "class": "n" }); }
  if (item === null) { return element("td", { "class": "n" }, "\u2013"); }
  var text = share ? percent(number(item)) : value(number(item));
  var point = text.charAt(0) === "N" ? -1 : text.search(/[.e\u00a0]/);
  var cell = element("td", { "class": "n", title: item }, point < 0 ? text : text.slice(0, point));
  cell.append(element("span", {}, point < 0 ? "" : text.slice(point)));
  return cell;
}
function sketch(entry) {
  if (!entry.sketch) { return null; }
  var path = "M0 62";
  for (var at = 0; at < entry.sketch.length; at += 1) { path += "V" + (62 - STEPS.indexOf(entry.sketch[at])) + "h1"; }
  var picture = drawing("svg", { "class": "hist small", viewBox: "0 0 " + entry.sketch.length + " 62", preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.appendChild(drawing("path", { d: path + "V62z" }));
  if (entry.zero !== null) {
    picture.appendChild(drawing("path", { d: "M" + entry.zero * entry.sketch.length + " 0V62", "class": "zero" }));
  }
  return picture;
}

each(document.querySelectorAll("table.layers"), function (table) {
  var entries = entriesOf(table), drawn = Array.prototype.slice.call(table.tBodies);
  var tools = document.querySelector('[data-for="' + table.id + '"].tools'), more = tools.parentElement.querySelector(".show-more");
  var total = table.querySelector(".total"), whole = total.textContent;
  var facts = { several: entries.some(function (entry) { return entry.model; }), columns: table.tHead.rows[0].querySelectorAll("th.n[data-by]:not([data-by='elements'])").length };
  var at = {}, direction = "", matches = entries, shown = 0, waiting = 0;
  each(entries, function (entry) { at[entry.anchor] = entry; });
  each(drawn, function (body) { at[body.id].body = body; });
  var rendered = entries.filter(function (entry) { return entry.body; });

  tools.hidden = false;
  var text = tools.querySelector("input"), kind = tools.querySelector(".by-kind"), model = tools.querySelector(".by-model");

  function put(from, to) {
    var rows = document.createDocumentFragment();
    for (var index = from; index < to; index += 1) {
      var entry = matches[index];
      entry.body = entry.body || built(entry, facts);
      rows.appendChild(entry.body);
    }
    table.appendChild(rows);
    shown = to;
    more.hidden = shown >= matches.length || matches === rendered;
    more.textContent = "Show " + count(Math.min(DRAWN, matches.length - shown)) + " more of " + count(matches.length);
  }
  function draw() {
    each(Array.prototype.slice.call(table.tBodies), function (body) { body.remove(); });
    put(0, Math.min(DRAWN, matches.length));
    // A table that stands whole on the page, and the page's own choice, come back whole: the rest a frame later.
    clearTimeout(waiting);
    if (shown < matches.length && (rendered.length === entries.length || matches === rendered)) {
      waiting = setTimeout(function () { put(shown, matches.length); }, 30);
    }
  }
  function filtered() { return text.value.trim() || (kind && kind.value) || (model && model.value); }
  function filter() {
    var words = text.value.toLowerCase().split(/\s+/).filter(Boolean), elements = 0, bytes = 0;
    var wanted = kind && kind.value, of = model && model.value;
    var order = direction ? ordered(entries, direction) : entries;
    if (!filtered()) {
      // Neither filtered nor sorted: the rows that the page chose.
      matches = direction ? order : rendered;
      total.textContent = whole;
    } else {
      matches = order.filter(function (entry) {
        return (!wanted || entry.kind === wanted) && (!of || entry.model === of) &&
          words.every(function (word) { return textOf(entry).indexOf(word) >= 0; });
      });
      each(matches, function (entry) { elements += entry.elements; bytes += entry.bytes; });
      total.textContent = count(matches.length) + " of " + count(entries.length) + " shown, " + count(elements) + " " + table.dataset.what + ", " + size(bytes);
    }
    draw();
  }
  sortable(table, function (head, column, next) {
    var by = head.dataset.by;
    direction = next;
    each(next ? entries : [], function (entry) {
      entry.key = /\d/.test(by) ? number(entry.figures.length ? entry.figures[by] : null) :
        by === "found" ? entry.found.length : entry[by];
    });
    filter();
  });
  text.addEventListener("focus", function () { each(entries, textOf); });
  text.addEventListener("input", filter);
  each(tools.querySelectorAll("select"), function (field) { field.addEventListener("change", filter); });
  more.addEventListener("click", function () { put(shown, Math.min(shown + DRAWN, matches.length)); });
  finders.push(function (id) {
    var entry = Object.prototype.hasOwnProperty.call(at, id) && at[id];
    if (!entry) { return false; }
    each(tools.querySelectorAll("input, select"), function (field) { field.value = ""; });
    each(table.tHead.rows[0].cells, function (head) { head.removeAttribute("aria-sort"); });
    direction = "";
    filter();
    if (rendered.indexOf(entry) >= 0) {
      clearTimeout(waiting);
      put(shown, matches.length);
    } else {
      entry.body = entry.body || built(entry, facts);
      table.insertBefore(entry.body, table.tBodies[0] || null);
    }
    return true;
  });
  each(tools.querySelectorAll(".unfold, .fold"), function (button) {
    button.addEventListener("click", function () {
      each(table.tBodies, function (body) {
        var card = body.querySelector(".more details");
        if (card) { card.open = button.classList.contains("unfold"); }
      });
    });
  });
  exports(tools, table, function () { return matches === rendered ? entries : matches; });
});

try { if (location.hash) { show(decode(location.hash), false); } } catch (refused) { /* no location */ }
