(function () {
  'use strict';
  var root = document.documentElement;

  /* theme: as the system says, light, dark */
  var button = document.querySelector('.theme');
  var themes = ['auto', 'light', 'dark'], theme = 'auto';
  function applyTheme() {
    if (theme === 'auto') root.removeAttribute('data-theme');
    else root.setAttribute('data-theme', theme);
    button.textContent = 'Theme: ' + theme;
  }
  try { theme = localStorage.getItem('lacuna-theme') || 'auto'; } catch (e) { /* not allowed to */ }
  if (themes.indexOf(theme) < 0) theme = 'auto';
  applyTheme();
  button.hidden = false;
  button.addEventListener('click', function () {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try { localStorage.setItem('lacuna-theme', theme); } catch (e) { /* not allowed to */ }
    applyTheme();
  });

  /* sorting: numbers by data-v, words by their text; what has no value stays last */
  function key(row, column) {
    var cell = row.cells[column], v = cell.getAttribute('data-v');
    if (v !== null) return v === '' ? null : Number(v);
    return (cell.querySelector('.name') || cell).textContent.trim() || null;
  }
  function sort(head) {
    var table = head.closest('table'), body = table.tBodies[0], column = head.cellIndex;
    var up = head.getAttribute('aria-sort') !== 'ascending';
    var rows = Array.prototype.slice.call(body.rows).map(function (row, i) {
      return {row: row, key: key(row, column), i: i};
    });
    rows.sort(function (a, b) {
      if (a.key === null || b.key === null)
        return a.key === b.key ? a.i - b.i : a.key === null ? 1 : -1;
      var order = typeof a.key === 'number' && typeof b.key === 'number'
        ? a.key - b.key : String(a.key).localeCompare(String(b.key), undefined, {numeric: true});
      return (up ? order : -order) || a.i - b.i;
    });
    rows.forEach(function (r) { body.appendChild(r.row); });
    Array.prototype.forEach.call(table.querySelectorAll('thead th[aria-sort]'), function (th) {
      th.setAttribute('aria-sort', th === head ? (up ? 'ascending' : 'descending') : 'none');
    });
  }
  document.addEventListener('click', function (event) {
    var target = event.target.closest && event.target.closest('thead th[aria-sort] button');
    if (target) sort(target.closest('th'));
  });

  /* paper has no fold-outs */
  window.addEventListener('beforeprint', function () {
    Array.prototype.forEach.call(document.querySelectorAll('main details'), function (d) {
      d.open = true;
    });
  });
  /* where the contents are not beside the text they start folded */
  if (window.matchMedia('(max-width: 71.99rem)').matches)
    document.querySelector('.toc details').open = false;

  /* a link into a closed fold-out opens it */
  function openTarget() {
    var at = location.hash && document.getElementById(location.hash.slice(1));
    for (var up = at; up; up = up.parentElement) if (up.tagName === 'DETAILS') up.open = true;
  }
  window.addEventListener('hashchange', openTarget);
  openTarget();
}());
