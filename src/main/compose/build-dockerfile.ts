/** As much of a Dockerfile as is needed before the engine reads it: the images it names, and what the classic builder cannot do. */

interface Instruction {
  /** From 1. */
  readonly line: number;
  /** In capitals. */
  readonly keyword: string;
  /** With continued lines joined. */
  readonly rest: string;
}

/** Instructions with their lines; comments and empty lines are left out. */
function instructionsOf(text: string): Instruction[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const continues = /^#\s*escape\s*=\s*([\\`])\s*$/im.exec(lines.slice(0, 5).join('\n'))?.[1] ?? '\\';
  const found: Instruction[] = [];
  let open: { line: number; text: string } | null = null;
  for (const [index, line] of lines.entries()) {
    if (/^\s*#/.test(line) || (open === null && line.trim() === '')) continue;
    const continued = line.trimEnd().endsWith(continues);
    const part = continued ? line.trimEnd().slice(0, -1) : line;
    open = open === null ? { line: index + 1, text: part } : { line: open.line, text: `${open.text} ${part}` };
    if (continued) continue;
    found.push(instruction(open));
    open = null;
  }
  if (open !== null) found.push(instruction(open));
  return found;
}

function instruction({ line, text }: { line: number; text: string }): Instruction {
  const match = /^\s*(\S+)\s*(.*)$/s.exec(text);
  return { line, keyword: (match?.[1] ?? '').toUpperCase(), rest: (match?.[2] ?? '').trim() };
}

/**
 * The images a build takes from outside: of FROM and COPY --from, stages of the file itself left out. Names with a
 * variable that neither the file nor `args` gives a value are left out too.
 */
export function baseImagesOf(text: string, args: Readonly<Record<string, string>>): string[] {
  const values = new Map<string, string>();
  const stages = new Set<string>(['scratch']);
  const images = new Set<string>();
  let beforeFirst = true;
  for (const { keyword, rest } of instructionsOf(text)) {
    if (keyword === 'ARG' && beforeFirst) {
      for (const [, name = '', quoted, plain] of rest.matchAll(/(\w+)(?:=(?:"([^"]*)"|(\S*)))?/g)) {
        const value = args[name] ?? quoted ?? plain;
        if (value !== undefined) values.set(name, replaced(value, values) ?? '');
      }
    } else if (keyword === 'FROM') {
      beforeFirst = false;
      const [, ref = '', stage] = /^(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?/i.exec(rest) ?? [];
      const image = replaced(ref, values);
      if (image !== null && image !== '' && !stages.has(image.toLowerCase())) images.add(image);
      if (stage !== undefined) stages.add(stage.toLowerCase());
    } else if (keyword === 'COPY') {
      const from = /(?:^|\s)--from=(\S+)/.exec(rest)?.[1];
      if (from !== undefined && !/^\d+$|\$/.test(from) && !stages.has(from.toLowerCase())) images.add(from);
    }
  }
  return [...images];
}

function replaced(text: string, values: ReadonlyMap<string, string>): string | null {
  let known = true;
  const made = text.replace(/\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})/g, (_, plain, braced, fallback) => {
    const value = values.get(plain ?? braced) ?? fallback;
    if (value === undefined) known = false;
    return value ?? '';
  });
  return known ? made : null;
}

export interface BuildKitUse {
  readonly line: number;
  /** "RUN --mount" */
  readonly what: string;
  readonly right: string;
}

/** The first thing in a Dockerfile that only BuildKit understands; undefined when there is none. */
export function buildKitUseIn(text: string): BuildKitUse | undefined {
  for (const { line, keyword, rest } of instructionsOf(text)) {
    const flags = /^(?:--\S+\s*)*/.exec(rest)?.[0] ?? '';
    const flag = (pattern: RegExp) => pattern.exec(flags)?.[0];
    if (keyword === 'RUN') {
      const used = flag(/--(?:mount|network|security|device)\b/);
      if (used === '--mount') {
        return { line, what: 'RUN --mount', right: 'COPY what the command needs; the layers before it are its cache.' };
      }
      if (used !== undefined) return { line, what: `RUN ${used}`, right: `Remove ${used}.` };
    }
    if (keyword === 'COPY' || keyword === 'ADD') {
      const used = flag(/--(?:chmod|link|parents|exclude|checksum|keep-git-dir)\b/);
      if (used === '--chmod') {
        return { line, what: `${keyword} --chmod`, right: 'Set the mode of the file itself, or RUN chmod after it.' };
      }
      if (used !== undefined) return { line, what: `${keyword} ${used}`, right: `Remove ${used}.` };
    }
    if (/^(?:RUN|COPY|ADD)$/.test(keyword) && /(?:^|\s)<<-?\s*(?:"\w+"|'\w+'|\w+)/.test(rest)) {
      return {
        line,
        what: `${keyword} with a heredoc`,
        right: 'Write the lines to a file of the context and COPY it.',
      };
    }
  }
  return undefined;
}
