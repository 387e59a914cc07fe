/** Who may write answers. */
/** Services that a person sets up. */
export const remoteProviderNames = ['openai-compatible', 'ollama', 'anthropic'] as const;
/** Those, and the model that the stack runs itself. */
export const serviceNames = ['local', ...remoteProviderNames] as const;
export const providerNames = ['embedded', ...serviceNames] as const;
export type RemoteProviderName = (typeof remoteProviderNames)[number];
export type ServiceName = (typeof serviceNames)[number];
export type ProviderName = (typeof providerNames)[number];
