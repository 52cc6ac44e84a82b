'use strict';
// Draws only the rows in sight, so that 100,000 spans scroll as well as ten. All text goes in as text, never as markup.
(() => {
  const $ = (id) => document.getElementById(id);
  const traces = JSON.parse($('data').textContent);
  const logSearch = $('log-search');
  if (logSearch) {
    logSearch.oninput = () => {
      const wanted = logSearch.value.toLowerCase();
      for (const row of $('log-rows').rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    };
  }
  if (!traces.length) return;
  const [DEPTH, SERVICE, NAME, START, TIME, ERROR, ID, KIND, STATUS, SCOPE, ATTRIBUTES, EVENTS, LINKS, ODDITY] = Array(14).keys();
  const ROW = 24;
  const rows = $('rows'), space = $('space'), details = $('details'), search = $('search');
  let trace, open, shown, chosen = -1, hits = new Set();

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const duration = (ns) => {
    const three = (value) => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
    return ns < 1e3 ? ns + ' ns' : ns < 1e6 ? three(ns / 1e3) + ' µs' : ns < 1e9 ? three(ns / 1e6) + ' ms' : three(ns / 1e9) + ' s';
  };
  const share = (ns) => Math.max(0, Math.min(100, 100 * ns / (trace.length || 1)));
  const hasChildren = (index) => index + 1 < trace.spans.length && trace.spans[index + 1][DEPTH] > trace.spans[index][DEPTH];

  const layout = () => {
    shown = [];
    for (let index = 0; index < trace.spans.length; index++) {
      shown.push(index);
      if (!open[index]) {
        const depth = trace.spans[index][DEPTH];
        while (index + 1 < trace.spans.length && trace.spans[index + 1][DEPTH] > depth) index++;
      }
    }
    space.style.height = shown.length * ROW + 'px';
    rows.style.height = Math.min(shown.length * ROW + 2, 600) + 'px';
    draw();
  };

  const draw = () => {
    const first = Math.max(0, Math.floor(rows.scrollTop / ROW) - 10);
    const last = Math.min(shown.length, first + Math.ceil(600 / ROW) + 20);
    const fresh = [];
    for (let place = first; place < last; place++) fresh.push(rowOf(shown[place], place));
    rows.replaceChildren(space, ...fresh);
  };

  const rowOf = (index, place) => {
    const span = trace.spans[index];
    const colour = 'c' + span[SERVICE] % 10;
    const row = make('div', 'row' + (span[ERROR] ? ' error' : '') + (index === chosen ? ' on' : '') + (hits.has(index) ? ' hit' : ''));
    row.style.top = place * ROW + 'px';
    const label = make('div', 'label');
    label.style.paddingLeft = 6 + Math.min(span[DEPTH], 30) * 14 + 'px';
    const fold = make('span', 'fold', hasChildren(index) ? (open[index] ? '▾' : '▸') : '');
    fold.onclick = (event) => { event.stopPropagation(); open[index] = !open[index]; layout(); };
    label.append(fold, make('span', 'chip ' + colour), make('span', 'name', span[NAME] || '(no name)'), ' ', make('span', 'dim', trace.services[span[SERVICE]]));
    const track = make('div', 'track');
    const bar = make('b', colour);
    bar.style.left = share(span[START]) + '%';
    bar.style.width = Math.max(0.1, Math.min(share(span[TIME]), 100 - share(span[START]))) + '%';
    track.append(bar);
    for (const event of span[EVENTS].slice(0, 50)) {
      const mark = make('u', event[1] === 'exception' ? 'bad' : '');
      mark.style.left = share(event[0]) + '%';
      mark.title = event[1];
      track.append(mark);
    }
    row.append(label, track, make('div', 'time', duration(span[TIME])));
    row.onclick = () => choose(index);
    return row;
  };

  const list = (pairs) => {
    const dl = make('dl');
    for (const [key, value] of pairs) dl.append(make('dt', '', key), make('dd', '', value));
    return dl;
  };

  const choose = (index) => {
    chosen = index;
    const span = trace.spans[index];
    details.replaceChildren(make('h3', span[ERROR] ? 'bad' : '', span[NAME] || '(no name)'));
    const facts = [['service', trace.services[span[SERVICE]]], ['span id', span[ID]], ['kind', span[KIND]], ['starts after', duration(span[START])], ['takes', duration(span[TIME])]];
    if (span[SCOPE]) facts.push(['scope', span[SCOPE]]);
    if (span[STATUS]) facts.push(['status', span[STATUS]]);
    if (span[ODDITY]) facts.push(['note', span[ODDITY]]);
    details.append(list(facts));
    if (span[ATTRIBUTES].length) details.append(make('h3', 'dim', 'Attributes'), list(span[ATTRIBUTES]));
    for (const event of span[EVENTS].slice(0, 200)) details.append(make('h3', event[1] === 'exception' ? 'bad' : 'dim', event[1] + ' after ' + duration(event[0])), list(event[2]));
    if (span[LINKS].length) details.append(make('h3', 'dim', 'Links'), list(span[LINKS].map(([id, to]) => ['trace ' + id, 'span ' + to])));
    draw();
  };

  const reveal = (index) => {
    for (let at = index, depth = trace.spans[index][DEPTH]; at >= 0 && depth > 0; at--) {
      if (trace.spans[at][DEPTH] < depth) { open[at] = true; depth = trace.spans[at][DEPTH]; }
    }
    layout();
    rows.scrollTop = Math.max(0, shown.indexOf(index) * ROW - 200);
    choose(index);
  };

  const next = (wanted) => {
    const number = trace.spans.length;
    for (let step = 1; step <= number; step++) {
      const index = (chosen + step + number) % number;
      if (wanted(index)) return reveal(index);
    }
  };

  const find = () => {
    const wanted = search.value.toLowerCase();
    hits = new Set();
    if (wanted) trace.spans.forEach((span, index) => {
      const text = [span[NAME], trace.services[span[SERVICE]], span[ID], span[STATUS], ...span[ATTRIBUTES].flat(), ...span[EVENTS].map((event) => event[1])].join('\n');
      if (text.toLowerCase().includes(wanted)) hits.add(index);
    });
    $('found').textContent = wanted ? hits.size + ' found, Enter for the next' : '';
    draw();
  };

  const show = (number) => {
    trace = traces[number];
    open = trace.spans.map(() => true);
    chosen = -1;
    details.replaceChildren();
    $('legend').replaceChildren(...trace.services.map((name, index) => {
      const entry = make('span');
      entry.append(make('span', 'chip c' + index % 10), name);
      return entry;
    }));
    $('axis').replaceChildren(...[0, 25, 50, 75].map((percent) => {
      const tick = make('span', '', duration(Math.round(trace.length * percent / 100)));
      tick.style.left = percent + '%';
      return tick;
    }));
    rows.scrollTop = 0;
    layout();
    find();
  };

  const select = $('trace');
  traces.forEach((item, index) => {
    const errors = item.spans.filter((span) => span[ERROR]).length;
    const name = item.spans.length ? item.spans[0][NAME] : '';
    const option = make('option', '', [name, duration(item.length), item.spans.length + ' spans', errors ? errors + ' errors' : '', item.at, item.id, item.omitted ? item.omitted + ' spans left out' : ''].filter(Boolean).join(' · '));
    option.value = index;
    select.append(option);
  });
  select.onchange = () => show(Number(select.value));
  rows.onscroll = draw;
  search.oninput = find;
  search.onkeydown = (event) => { if (event.key === 'Enter') next((index) => hits.has(index)); };
  $('next-error').onclick = () => next((index) => trace.spans[index][ERROR]);
  $('expand').onclick = () => { open.fill(true); layout(); };
  $('collapse').onclick = () => { open.fill(false); layout(); };
  rows.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(shown.length - 1, shown.indexOf(chosen) + step));
    choose(shown[place]);
    const top = place * ROW;
    if (top < rows.scrollTop) rows.scrollTop = top;
    if (top + ROW > rows.scrollTop + rows.clientHeight) rows.scrollTop = top + ROW - rows.clientHeight;
  };
  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('[data-trace]');
    if (!link) return;
    const number = traces.findIndex((item) => item.id === link.dataset.trace);
    if (number < 0) return;
    select.value = number;
    show(number);
    const index = trace.spans.findIndex((span) => span[ID] === link.dataset.span);
    if (index >= 0) reveal(index);
  });
  show(0);
})();
