namespace Ballast.Reports;

/// <summary>The looks of a report. No rule loads anything.</summary>
internal static class ReportStyle
{
    public const string Css = """

        :root { color-scheme: light dark; --ink: #1b2430; --muted: #647184; --line: #dfe4ea; --grid: #edf0f4; --page: #f5f7f9; --card: #ffffff;
          --good: #1f7a4d; --goodback: #e3f3ea; --bad: #b3372f; --badback: #fbe7e5; --warn: #7a5200; --warnback: #fdf2d8;
          --c0: #2f6fd6; --c1: #d9622b; --c2: #1f9270; --c3: #9a4fc4; --c4: #b58900; --c5: #5b6b7c; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --muted: #95a3b5; --line: #333d49; --grid: #28313b; --page: #12171d; --card: #1a2129;
          --good: #6fcf9b; --goodback: #17362a; --bad: #f0908a; --badback: #402220; --warn: #f0c96a; --warnback: #3a2f14;
          --c0: #6da2f5; --c1: #f19365; --c2: #4fc3a0; --c3: #c48ce6; --c4: #dcb94a; --c5: #9fb0c2; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 48px; }
        header { border-bottom: 1px solid var(--line); margin-bottom: 8px; padding-bottom: 14px; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
        h2 { font-size: 1.3rem; margin: 40px 0 10px; padding-top: 4px; }
        h3 { font-size: 1.02rem; margin: 24px 0 8px; }
        h4 { font-size: 0.9rem; margin: 0 0 6px; font-weight: 600; }
        p { margin: 8px 0; max-width: 78ch; }
        .subtitle, .muted, footer, small { color: var(--muted); }
        .subtitle { font-size: 1.05rem; }
        nav { display: flex; flex-wrap: wrap; gap: 6px 18px; margin-top: 12px; font-size: 0.92rem; }
        a { color: var(--c0); text-decoration: none; } a:hover { text-decoration: underline; }
        .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 10px 0 18px; }
        table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
        th, td { padding: 8px 12px; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--grid); }
        th { color: var(--muted); font-weight: 600; font-size: 0.8rem; border-bottom: 1px solid var(--line); }
        tbody tr:last-child td { border-bottom: 0; } td:first-child { min-width: 8em; overflow-wrap: anywhere; }
        .group td { background: var(--page); font-weight: 600; padding-top: 12px; } .group small { font-weight: 400; margin-left: 8px; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .figure { display: flex; flex-direction: column; min-width: 158px; font-variant-numeric: tabular-nums; line-height: 1.35; }
        .figure b { font-size: 1.15rem; }
        svg { display: block; } svg text { fill: var(--muted); font-size: 12px; }
        .c0 { --color: var(--c0); } .c1 { --color: var(--c1); } .c2 { --color: var(--c2); } .c3 { --color: var(--c3); } .c4 { --color: var(--c4); } .c5 { --color: var(--c5); }
        .track, .tick { stroke: var(--line); stroke-width: 1; } .zero { stroke: var(--muted); stroke-width: 1; }
        .bar { fill: var(--color); opacity: 0.35; } .dot { fill: var(--color); } .quiet { opacity: 0; } .quiet:hover { opacity: 1; }
        .chart { max-width: 720px; margin: 10px 0 18px; padding: 14px 14px 8px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
        .chart svg { width: 100%; height: auto; } figcaption { font-weight: 600; font-size: 0.95rem; margin-bottom: 4px; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 0.85rem; color: var(--muted); margin: 0 0 4px; }
        .legend span { display: inline-flex; align-items: center; gap: 6px; } .legend i { width: 14px; height: 4px; border-radius: 2px; background: var(--color); }
        .dashed { stroke-dasharray: 6 4; opacity: 0.85; } i.dashed { background: repeating-linear-gradient(90deg, var(--color) 0 5px, transparent 5px 8px); }
        .grid { stroke: var(--grid); } .axis { stroke: var(--line); } .line { fill: none; stroke: var(--color); stroke-width: 2; stroke-linejoin: round; } .band { fill: var(--color); opacity: 0.16; }
        .whisker { stroke: var(--color); stroke-width: 1.5; opacity: 0.4; } .ring { fill: none; stroke: var(--ink); stroke-width: 2; } .faint { opacity: 0.5; } .frontier svg text { font-size: 11px; }
        .frontier g text { paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 0 16px; }
        dl { display: grid; grid-template-columns: minmax(130px, max-content) 1fr; gap: 4px 18px; font-size: 0.9rem; margin: 10px 0 18px; }
        dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
        .warning { background: var(--warnback); color: var(--warn); border-radius: 8px; padding: 10px 14px; max-width: none; font-size: 0.93rem; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: 0.84rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
        details { margin: 8px 0; } summary { cursor: pointer; color: var(--muted); font-size: 0.9rem; } details pre { margin-top: 8px; padding: 12px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
        .replies { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 12px 0; padding: 12px 14px; }
        .prompt { margin: 0 0 10px; font-weight: 600; max-width: none; overflow-wrap: anywhere; }
        .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 12px; }
        .reply { background: var(--page); border-radius: 8px; padding: 10px 12px; min-width: 0; } .reply pre { max-height: 22em; overflow-y: auto; }
        .badge { font-size: 0.74rem; padding: 1px 8px; border-radius: 999px; font-weight: 600; margin-left: 6px; white-space: nowrap; }
        .good { background: var(--goodback); color: var(--good); } .bad { background: var(--badback); color: var(--bad); }
        footer { margin-top: 48px; font-size: 0.82rem; }
        @media (max-width: 560px) { main { padding: 18px 12px 36px; } h1 { font-size: 1.5rem; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
        @media print { body { font-size: 11px; background: none; } main { max-width: none; padding: 0; } nav { display: none; } .scroll { overflow: visible; } .reply pre { max-height: none; }
          tr, .chart, .replies, .warning { break-inside: avoid; } h2, h3 { break-after: avoid; } * { print-color-adjust: exact; } }
        @media print { body { background: #fff; } .reply pre { max-height: none; } }

        """;
}
