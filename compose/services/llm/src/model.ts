/** The model: loaded once, answers one request at a time, the others wait in order. */
import { basename } from 'node:path';
import { type ChatHistoryItem, getLlama, LlamaChatSession } from 'node-llama-cpp';
import type { ChatRequest } from './chat-request.ts';
import type { Settings } from './settings.ts';

export interface Answer {
  readonly finish: 'stop' | 'length';
  readonly promptTokens: number;
  readonly answerTokens: number;
}

export interface Model {
  readonly name: string;
  readonly contextSize: number;
  /**
   * Tells each piece of text as it comes. Aborting the signal ends the generation at the next token.
   * @throws {TooBusy} when too many wait already. @throws {TooLong} when the prompt leaves no room for an answer.
   */
  answer(request: ChatRequest, onText: (text: string) => void, signal: AbortSignal): Promise<Answer>;
}

export class TooBusy extends Error {}
export class TooLong extends Error {}

export async function loadModel(settings: Settings): Promise<Model> {
  // What is not there ready made is not built: there is no compiler here, and there shall be none.
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: settings.threads });
  const model = await llama.loadModel({ modelPath: settings.modelPath });
  const contextSize = Math.min(settings.contextSize, model.trainContextSize);
  const context = await model.createContext({ contextSize, sequences: 1, threads: settings.threads });
  const sequence = context.getSequence();
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function run(request: ChatRequest, onText: (text: string) => void, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    await sequence.clearHistory();
    const system = request.messages.filter(({ role }) => role === 'system' || role === 'developer');
    const spoken = request.messages.filter(({ role }) => role === 'user' || role === 'assistant');
    const question = spoken.at(-1)?.content ?? '';
    const promptTokens = model.tokenize(request.messages.map(({ content }) => content).join('\n')).length;
    // The template of the model takes some tokens too.
    const room = contextSize - promptTokens - 64;
    if (room < 16) throw new TooLong(`The prompt has ${promptTokens} tokens; the window holds ${contextSize}.`);
    const session = new LlamaChatSession({
      contextSequence: sequence,
      autoDisposeSequence: false,
      ...(system.length === 0 ? {} : { systemPrompt: system.map(({ content }) => content).join('\n\n') }),
    });
    try {
      const before = spoken
        .slice(0, -1)
        .map(
          ({ role, content }): ChatHistoryItem =>
            role === 'user' ? { type: 'user', text: content } : { type: 'model', response: [content] },
        );
      session.setChatHistory([...session.getChatHistory(), ...before]);
      const most = Math.min(request.max_completion_tokens ?? request.max_tokens ?? room, room);
      let answerTokens = 0;
      const { stopReason } = await session.promptWithMeta(question, {
        signal,
        maxTokens: most,
        onToken: (tokens) => {
          answerTokens += tokens.length;
        },
        onTextChunk: onText,
        ...(request.temperature == null ? {} : { temperature: request.temperature }),
        ...(request.top_p == null ? {} : { topP: request.top_p }),
        ...(request.seed == null ? {} : { seed: request.seed }),
        ...(request.stop == null ? {} : { customStopTriggers: [request.stop].flat() }),
      });
      return { finish: stopReason === 'maxTokens' ? 'length' : 'stop', promptTokens, answerTokens };
    } finally {
      session.dispose({ disposeSequence: false });
    }
  }

  return {
    name: basename(settings.modelPath, '.gguf'),
    contextSize,
    async answer(request, onText, signal) {
      if (waiting > settings.queue) throw new TooBusy('Too many requests wait already.');
      waiting += 1;
      const mine = turn.then(() => run(request, onText, signal));
      turn = mine.catch(() => undefined);
      return mine.finally(() => {
        waiting -= 1;
      });
    },
  };
}
