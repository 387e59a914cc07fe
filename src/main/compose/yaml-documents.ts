/** A text as YAML documents, read word by word under a budget, so that no text keeps the parser busy for long. */
import { Composer, type Document, Lexer, LineCounter, Parser } from 'yaml';
import type { Budget } from './budget.ts';
import { composeProblem, type SourcePlace } from './compose-problem.ts';

const maxNesting = 200;

interface ParsedFile {
  readonly documents: readonly Document[];
  /** The place of an offset in the text. */
  readonly place: (offset: number) => SourcePlace;
}

/** Parses every document up to the first error. @throws ProblemError `compose-invalid` with the place of the error. */
export function parseYaml(file: string, text: string, budget: Budget): ParsedFile {
  const lines = new LineCounter();
  const place = (offset: number) => placeAt(file, text, lines, offset);
  const documents: Document[] = [];
  // Failsafe: every scalar stays text, so that it can be typed as Go's YAML does.
  const composer = new Composer({
    schema: 'failsafe',
    uniqueKeys: false,
    keepSourceTokens: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  // A text of nothing but mistakes makes an error of each: what they cost is their stacks, which nobody sees.
  const stackLines = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    for (const document of composer.compose(tokens(), true, text.length)) {
      const error = document.errors[0];
      if (error !== undefined) throw invalid(error.message, place(error.pos[0]));
      budget('documents');
      documents.push(document as Document);
    }
  } finally {
    Error.stackTraceLimit = stackLines;
  }
  return { documents, place };

  function* tokens() {
    const parser = new Parser(lines.addNewLine);
    lines.addNewLine(0);
    let offset = 0;
    for (const lexeme of new Lexer().lex(text)) {
      budget('lexemes');
      for (const token of parser.next(lexeme)) {
        // Each directive makes every later one dearer.
        if (token.type === 'directive') budget('documents');
        yield token;
      }
      offset += lexeme.length;
      if (parser.stack.length > maxNesting) {
        throw composeProblem('the file is nested too deeply', 'Keep it within 64 levels.', place(offset));
      }
    }
    yield* parser.end();
  }
}

function invalid(message: string, place: SourcePlace): Error {
  const what = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '').replace(/\.$/, '');
  return composeProblem(
    `this is not valid YAML: ${what}`,
    'Check the indentation, quotes and brackets around this place.',
    place,
  );
}

function placeAt(file: string, text: string, lines: LineCounter, offset: number): SourcePlace {
  const { line, col } = lines.linePos(Math.min(offset, text.length));
  const start = lines.lineStarts[Math.max(0, line - 1)] ?? 0;
  const end = text.indexOf('\n', start);
  const whole = text.slice(start, Math.min(end === -1 ? text.length : end, start + 4096));
  return { file, line: Math.max(1, line), column: Math.max(1, col), text: whole };
}
