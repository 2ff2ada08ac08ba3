namespace Ballast.Tokenizers.Patterns;

/// <summary>
/// A regular expression over code points: leftmost, first alternative wins, as Oniguruma matches. Backtracking keeps its own stack, so that no text
/// can exhaust the thread's, and its steps are counted, so that no pattern can run for ever.
/// </summary>
internal sealed class Pattern
{
    private const int MaxInstructions = 20_000;
    private const long FreeSteps = 1_000_000;
    private const long StepsPerCodePoint = 500;
    private readonly List<Instruction> _program = [];
    private readonly string _source;

    private enum Op { One, Loop, Split, Jump, LookAhead, Atomic, Match }

    /// <summary>One: Set. Loop: Set, A to B times. Split: A first, then B. Jump: A. LookAhead: to A, B = 1 if negative. Atomic: to A.</summary>
    private readonly record struct Instruction(Op Op, CharSet? Set = null, int A = 0, int B = 0);

    /// <summary>Where to go on after a failure; a loop may give back code points down to Least.</summary>
    private readonly record struct Retry(int Program, int Position, int Least);

    public Pattern(string source)
    {
        _source = source;
        Emit(PatternParser.Parse(source));
        Add(new(Op.Match));
    }

    /// <summary>The pattern that finds a text as it is.</summary>
    public static Pattern Literal(string text) =>
        new(string.Concat(text.EnumerateRunes().Select(r => r.IsAscii && !char.IsAsciiLetterOrDigit((char)r.Value) ? $"\\{r}" : r.ToString())));

    /// <summary>All matches from left to right, none overlapping; empty matches are left out.</summary>
    public List<(int Start, int End)> Matches(ReadOnlySpan<int> text)
    {
        List<(int, int)> matches = [];
        long steps = FreeSteps + (StepsPerCodePoint * text.Length);
        Stack<Retry> stack = new();
        for (int start = 0; start < text.Length;)
        {
            int end = Run(0, start, text, stack, ref steps);
            if (end > start)
            {
                matches.Add((start, end));
            }

            start = Math.Max(end, start + 1);
        }

        return matches;
    }

    /// <summary>The end of the match that begins at a position, or -1.</summary>
    private int Run(int program, int position, ReadOnlySpan<int> text, Stack<Retry> stack, ref long steps)
    {
        int floor = stack.Count;
        while (true)
        {
            if (--steps < 0)
            {
                throw new TokenizerException($"regex \"{_source}\": took too many steps on a text of {text.Length} characters; the pattern is not fit for use");
            }

            Instruction now = _program[program];
            bool failed = false;
            switch (now.Op)
            {
                case Op.Match:
                    while (stack.Count > floor)
                    {
                        stack.Pop();
                    }

                    return position;
                case Op.One:
                    failed = position >= text.Length || !now.Set!.Contains(text[position]);
                    position++;
                    program++;
                    break;
                case Op.Loop:
                    int least = position + now.A;
                    int most = now.B < 0 ? text.Length : (int)Math.Min(text.Length, (long)position + now.B);
                    int first = position;
                    while (position < most && now.Set!.Contains(text[position]))
                    {
                        position++;
                    }

                    steps -= (position - first) / 8;
                    failed = position < least;
                    program++;
                    if (position > least)
                    {
                        stack.Push(new(program, position - 1, least));
                    }

                    break;
                case Op.Split:
                    stack.Push(new(now.B, position, position));
                    program = now.A;
                    break;
                case Op.Jump:
                    program = now.A;
                    break;
                case Op.LookAhead:
                    failed = Run(program + 1, position, text, stack, ref steps) >= 0 == (now.B == 1);
                    program = now.A;
                    break;
                case Op.Atomic:
                    int end = Run(program + 1, position, text, stack, ref steps);
                    failed = end < 0;
                    position = end;
                    program = now.A;
                    break;
            }

            if (failed)
            {
                if (stack.Count == floor)
                {
                    return -1;
                }

                Retry retry = stack.Pop();
                (program, position) = (retry.Program, retry.Position);
                if (position > retry.Least)
                {
                    stack.Push(retry with { Position = position - 1 });
                }
            }
        }
    }

    private int Add(Instruction instruction)
    {
        if (_program.Count >= MaxInstructions)
        {
            throw new TokenizerException($"regex \"{_source}\": repeats too large a group too often; the pattern is not supported");
        }

        _program.Add(instruction);
        return _program.Count - 1;
    }

    private void Emit(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.One one:
                Add(new(Op.One, one.Set));
                break;
            case PatternNode.Concatenation concatenation:
                foreach (PatternNode part in concatenation.Parts)
                {
                    Emit(part);
                }

                break;
            case PatternNode.Alternation alternation:
                EmitAlternation(alternation.Branches);
                break;
            case PatternNode.Repetition { Body: PatternNode.One one, Lazy: false } loop:
                Add(new(Op.Loop, one.Set, loop.Min, loop.Max));
                break;
            case PatternNode.Repetition repetition:
                EmitRepetition(repetition);
                break;
            case PatternNode.LookAhead look:
                EmitNested(Op.LookAhead, look.Body, look.Negative ? 1 : 0);
                break;
            case PatternNode.Atomic atomic:
                EmitNested(Op.Atomic, atomic.Body, 0);
                break;
        }
    }

    private void EmitNested(Op op, PatternNode body, int flag)
    {
        int at = Add(new(op));
        Emit(body);
        Add(new(Op.Match));
        _program[at] = new(op, null, _program.Count, flag);
    }

    private void EmitAlternation(IReadOnlyList<PatternNode> branches)
    {
        List<int> jumps = [];
        for (int i = 0; i < branches.Count - 1; i++)
        {
            int split = Add(new(Op.Split));
            Emit(branches[i]);
            jumps.Add(Add(new(Op.Jump)));
            _program[split] = new(Op.Split, null, split + 1, _program.Count);
        }

        Emit(branches[^1]);
        foreach (int jump in jumps)
        {
            _program[jump] = new(Op.Jump, null, _program.Count);
        }
    }

    private void EmitRepetition(PatternNode.Repetition repetition)
    {
        for (int i = 0; i < repetition.Min; i++)
        {
            Emit(repetition.Body);
        }

        List<int> splits = [];
        for (int i = repetition.Min; i < Math.Max(repetition.Max, repetition.Max < 0 ? repetition.Min + 1 : 0); i++)
        {
            splits.Add(Add(new(Op.Split)));
            Emit(repetition.Body);
        }

        if (repetition.Max < 0)
        {
            Add(new(Op.Jump, null, splits[0]));
        }

        foreach (int split in splits)
        {
            (int into, int past) = (split + 1, _program.Count);
            _program[split] = repetition.Lazy ? new(Op.Split, null, past, into) : new(Op.Split, null, into, past);
        }
    }
}
