/** Who wrote an answer, in words. */
import type { Message } from '../../../shared/model/chat.ts';

const services: Readonly<Record<string, string>> = {
  local: 'the stack’s own model',
  ollama: 'Ollama',
  'openai-compatible': 'an OpenAI-compatible service',
  anthropic: 'Anthropic',
};

/** "Written by llama3.2 (Ollama)"; null while it is not known. */
export function writtenBy({ provider, model }: Pick<Message, 'provider' | 'model'>): string | null {
  if (provider === null) return null;
  if (provider === 'embedded') return 'Quoted by the embedded answerer';
  const service = services[provider] ?? provider;
  return model === null || model === '' ? `Written by ${service}` : `Written by ${model} (${service})`;
}
