"""The HTML report's style: light and dark by the reader's setting, one column, nothing loaded from anywhere."""

STYLE = """\
:root{color-scheme:light dark;--ink:#1c2024;--dim:#5b636b;--page:#fff;--box:#f4f6f8;--line:#d5dae0;
--good:#0a6b34;--bad:#b3121d;--warn:#8a5300;--note:#0b5c8a;--unknown:#6a3fa0}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#a3acb5;--page:#14171a;--box:#1e2328;--line:#3a424a;
--good:#5fd38d;--bad:#ff8a8a;--warn:#f0b95a;--note:#7cc4f0;--unknown:#c7a6f5}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:60rem;color:var(--ink);background:var(--page);
font:1rem/1.55 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.35rem;line-height:1.35;margin:.2rem 0 1rem}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
.word{font-weight:700;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.note{color:var(--note)}
.unknown{color:var(--unknown)}.dim{color:var(--dim)}
.answer{border:1px solid var(--line);border-left:.35rem solid currentColor;border-radius:.3rem;padding:.7rem 1rem;
background:var(--box)}
.answer h1{margin:0;color:var(--ink);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:600}
ul{padding-left:1.3rem;margin:.3rem 0}
pre{background:var(--box);border:1px solid var(--line);border-radius:.3rem;padding:.7rem .9rem;overflow-x:auto;
font:.875rem/1.5 ui-monospace,monospace}
code{font:.9em ui-monospace,monospace;background:var(--box);padding:.05em .25em;border-radius:.2rem}
details{margin:.8rem 0}summary{cursor:pointer;font-weight:600}
footer{margin-top:2.5rem;color:var(--dim);font-size:.9rem}
figure{margin:0;overflow-x:auto}svg{max-width:100%;height:auto;font:14px ui-monospace,monospace}
svg .frame{fill:var(--box);stroke:var(--line)}svg .way{stroke:var(--dim);fill:none}svg text{fill:var(--ink)}
svg .beside .frame{stroke-dasharray:4 4;fill:none}
svg .said{fill:var(--dim)}svg .state{fill:currentColor;font-weight:700}
svg .breaks .frame{stroke:currentColor;stroke-width:2}
@media (max-width:38rem){.word{white-space:normal}svg{max-width:none;width:34rem}
thead{position:absolute;clip-path:inset(50%)}
tr{display:flex;flex-wrap:wrap;column-gap:.8rem;border-bottom:1px solid var(--line);padding:.3rem 0}
th,td{border:0;padding:0}}
@media print{body{max-width:none}pre{white-space:pre-wrap}}"""
