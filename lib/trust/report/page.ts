import { SVG_STYLE } from './svg';

/** The page's style: two accents and one colour for what should be looked at first, light and dark, on screen and on paper. */
export const PAGE_STYLE = `:root{color-scheme:light dark;--paper:#fff;--ground:#f4f5f7;--ink:#17202b;--soft:#566270;--line:#dde1e6;--one:#1d5a8c;--onebox:#eaf2f9;--two:#3d6b5a;--warn:#a83a05;--warnbox:#fdf1e8;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{--paper:#12171e;--ground:#0c1015;--ink:#e6eaf0;--soft:#9aa6b4;--line:#29323d;--one:#7db4e4;--onebox:#182838;--two:#86bda6;--warn:#ffa366;--warnbox:#2c1d10}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1328px;margin:0 auto;padding:44px 32px 72px}
h1{margin:2px 0 6px;font-size:32px;line-height:1.15;font-weight:650;letter-spacing:-.022em}
h2{margin:0;font-size:17px;font-weight:650;letter-spacing:-.01em}
code,pre,.name,.id,small,li,dd{unicode-bidi:isolate}
code,pre,.name,.id{font-family:var(--mono);font-size:.88em;overflow-wrap:anywhere}
.kicker,dt,.head,.group>b{font-size:11px;font-weight:650;letter-spacing:.07em;text-transform:uppercase;color:var(--soft)}
.kicker{margin:0}
.lead{margin:0;color:var(--soft);overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(5,1fr);margin:28px 0 0;padding:0;background:var(--paper);border:1px solid var(--line);border-radius:8px}
.figures div{padding:16px 20px 14px;border-left:1px solid var(--line)}
.figures div:first-child{border-left:0}
.figures dd{margin:0;font-size:28px;line-height:1.2;font-weight:600;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.look{display:grid;grid-template-columns:repeat(auto-fit,minmax(270px,1fr));gap:8px 32px;margin:12px 0 0;padding:14px 20px;list-style:none;background:var(--warnbox);border:1px solid var(--warn);border-left-width:4px;border-radius:8px}
.look b{color:var(--warn)}
.look b{display:block}
.calm{margin:12px 0 0;padding:14px 20px;background:var(--paper);border:1px solid var(--line);border-left:4px solid var(--two);border-radius:8px}
section{margin-top:36px}
.panel>summary{display:flex;align-items:baseline;gap:12px;cursor:pointer;padding:4px 0;list-style-position:outside}
.panel>summary span{color:var(--soft);font-size:13px}
.picture{margin:10px 0 0;padding:16px 20px 4px;overflow:auto;max-height:min(900px,86vh);background:var(--paper);border:1px solid var(--line);border-radius:8px}
.picture svg{display:block;min-width:1120px;max-width:100%;height:auto;margin:0 auto}
.tools{display:flex;flex-wrap:wrap;align-items:center;gap:12px 24px;margin:12px 0 0;padding:14px 20px;background:var(--paper);border:1px solid var(--line);border-radius:8px 8px 0 0}
.tools input{flex:1 0 100%;min-width:0;padding:8px 12px;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:6px}
.tools input::placeholder{color:var(--soft)}
.group{display:flex;flex-wrap:wrap;align-items:center;gap:6px}
.group>b{margin-right:4px}
button{font:inherit;font-size:13px;line-height:1.3;color:inherit;background:none;border:1px solid var(--line);border-radius:14px;padding:4px 11px;cursor:pointer}
button i{font-style:normal;color:var(--soft);font-variant-numeric:tabular-nums;margin-left:4px}
button:hover{border-color:var(--soft)}
button[aria-pressed=true]{background:var(--onebox);border-color:var(--one);color:var(--one)}
button[aria-pressed=true] i{color:inherit}
button.warn{color:var(--warn)}
button.warn[aria-pressed=true]{background:var(--warnbox);border-color:var(--warn);color:var(--warn)}
.shown{flex:1;margin:0;font-size:13px;color:var(--soft)}
:focus-visible{outline:2px solid var(--one);outline-offset:2px}
.rows{background:var(--paper);border:1px solid var(--line);border-top:0;border-radius:0 0 8px 8px}
.head,.row summary{display:grid;grid-template-columns:minmax(0,31fr) minmax(0,28fr) minmax(0,18fr) minmax(0,23fr);gap:0 24px;padding:10px 20px 10px 36px}
.head{border-bottom:1px solid var(--line);padding-top:8px;padding-bottom:8px}
.chunk{content-visibility:auto;contain-intrinsic-size:auto 3900px}
.row{border-top:1px solid var(--line)}
.chunk:first-of-type .row:first-child{border-top:0}
.row summary{position:relative;cursor:pointer;list-style:none;font-size:14px}
.row summary::-webkit-details-marker{display:none}
.row summary::before{content:"";position:absolute;left:18px;top:17px;width:6px;height:6px;border-right:1.5px solid var(--soft);border-bottom:1.5px solid var(--soft);transform:rotate(-45deg)}
.row details[open] summary::before{transform:rotate(45deg)}
.row summary:hover{background:var(--ground)}
.row summary:focus-visible{outline-offset:-2px}
.row summary>span>*{display:block;min-width:0}
.who .name,.who .tag{vertical-align:baseline}
.row summary small{font-size:12.5px;color:var(--soft);overflow-wrap:anywhere}
.name{font-weight:600}
.row summary .name,.row summary .by>span,.row summary .id{line-height:21px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.risky{box-shadow:inset 3px 0 var(--warn)}
.risky .who .name{color:var(--warn)}
.row summary .tag{display:inline-block;margin:0 2px 2px 4px;padding:0 8px;font-style:normal;font-size:12px;font-weight:650;line-height:19px;color:var(--warn);background:var(--warnbox);border:1px solid var(--warn);border-radius:10px}
.row summary .loud{color:var(--warn);font-weight:600}
.by{overflow-wrap:anywhere}
.may .id{color:var(--two)}
dl.exact{display:grid;grid-template-columns:112px minmax(0,1fr);gap:8px 24px;margin:0;padding:6px 20px 20px 36px;font-size:13.5px}
dl.exact dt{padding-top:2px}
dl.exact dd{margin:0;min-width:0;overflow-wrap:anywhere}
dl.exact ul{margin:0;padding:0;list-style:none}
dl.exact li+li{margin-top:4px}
pre{margin:4px 0 0;padding:10px 12px;overflow:auto;max-height:320px;white-space:pre-wrap;background:var(--ground);border-radius:6px}
.soft{color:var(--soft)}
.list{margin:10px 0 0;padding:14px 20px;list-style:none;background:var(--paper);border:1px solid var(--line);border-radius:8px;font-size:13.5px}
.list li+li{margin-top:8px;padding-top:8px;border-top:1px solid var(--line)}
.list li{overflow-wrap:anywhere}
.none{margin:0;padding:24px 20px;color:var(--soft)}
@media (max-width:860px){main{padding:28px 16px 48px}h1{font-size:26px}.figures{grid-template-columns:repeat(2,1fr)}.figures div{padding:12px 16px;border-left:0;border-top:1px solid var(--line)}.figures div:first-child{grid-column:1/-1;border-top:0}.figures div:nth-child(odd):not(:first-child){border-left:1px solid var(--line)}.figures dd{font-size:23px}.tools,.look,.calm{padding-left:16px;padding-right:16px}.head{display:none}.row summary{grid-template-columns:minmax(0,1fr);gap:8px;padding:14px 16px 14px 32px}.row summary::before{left:14px;top:21px}.chunk{contain-intrinsic-size:auto 11000px}.sr{position:static;display:inline!important;width:auto;height:auto;clip-path:none;font-size:11px;font-weight:650;letter-spacing:.07em;text-transform:uppercase;color:var(--soft)}.row summary .sr{display:block}dl.exact{grid-template-columns:minmax(0,1fr);gap:2px;padding:0 16px 18px 32px}dl.exact dd{margin-bottom:8px}.picture{padding:12px 12px 0}}
@media print{:root{color-scheme:light;--paper:#fff;--ground:#fff;--ink:#000;--soft:#444;--line:#bbb;--one:#1d5a8c;--two:#3d6b5a;--warn:#a83a05;--warnbox:#fdf1e8}body{font-size:11px}main{max-width:none;padding:0}.tools{display:none}.rows{border-top:1px solid var(--line)}.chunk{content-visibility:visible}.row{break-inside:avoid}.picture{max-height:none;overflow:visible;border:0;padding:0}.picture svg{min-width:0}pre{max-height:none}h1{font-size:22px}section{margin-top:22px}.figures{margin-top:16px}.figures div{padding:8px 12px}.figures dd{font-size:18px}.row summary,dl.exact,.list{font-size:10.5px}.row summary small,.row summary .tag{font-size:10px}.row summary .tag{line-height:15px}}
${SVG_STYLE}`;

/** The page's only script: it hides rows, and opens them for print. */
export const PAGE_SCRIPT = `(() => {
  'use strict';
  const search = document.getElementById('search');
  const shown = document.getElementById('shown');
  const none = document.getElementById('none');
  const open = document.getElementById('open');
  const rows = [...document.querySelectorAll('.row')];
  const chunks = [...document.querySelectorAll('.chunk')];
  const chips = [...document.querySelectorAll('button[data-is]')];
  const marks = rows.map(row => new Set(row.dataset.is.split(' ')));
  const texts = [];
  const textOf = index => texts[index] ??= rows[index].textContent.toLowerCase();
  const apply = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(word => word !== '');
    const groups = new Map();
    for (const chip of chips) {
      if (chip.getAttribute('aria-pressed') === 'true') {
        groups.set(chip.dataset.group, [...groups.get(chip.dataset.group) ?? [], chip.dataset.is]);
      }
    }
    const wanted = [...groups.values()];
    let count = 0;
    rows.forEach((row, index) => {
      const fits = wanted.every(group => group.some(mark => marks[index].has(mark))) && words.every(word => textOf(index).includes(word));
      row.hidden = !fits;
      count += fits ? 1 : 0;
    });
    for (const chunk of chunks) {
      chunk.hidden = ![...chunk.children].some(row => !row.hidden);
    }
    shown.textContent = count === rows.length ? shown.dataset.all : count.toLocaleString('en') + ' of ' + shown.dataset.all;
    none.hidden = count > 0;
  };
  let timer;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, rows.length > 1000 ? 160 : 0);
  });
  for (const chip of chips) {
    chip.addEventListener('click', () => {
      chip.setAttribute('aria-pressed', String(chip.getAttribute('aria-pressed') !== 'true'));
      apply();
    });
  }
  const details = () => rows.filter(row => !row.hidden).map(row => row.firstElementChild);
  open.addEventListener('click', () => {
    const all = open.getAttribute('aria-pressed') !== 'true';
    open.setAttribute('aria-pressed', String(all));
    details().forEach(one => { one.open = all; });
  });
  document.addEventListener('keydown', event => {
    const typing = event.target === search;
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && typing && search.value !== '') {
      search.value = '';
      apply();
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && event.target.matches?.('.row summary')) {
      const visible = details();
      const next = visible[visible.indexOf(event.target.parentElement) + (event.key === 'ArrowDown' ? 1 : -1)];
      if (next !== undefined) {
        event.preventDefault();
        next.firstElementChild.focus();
      }
    }
  });
  let opened = [];
  addEventListener('beforeprint', () => {
    const closed = details().filter(one => !one.open);
    opened = closed.length > 1000 ? [] : closed;
    opened.forEach(one => { one.open = true; });
  });
  addEventListener('afterprint', () => opened.forEach(one => { one.open = false; }));
  if (search.value !== '') {
    apply();
  }
})();
`;
