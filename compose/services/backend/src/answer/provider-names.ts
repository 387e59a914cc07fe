/** Who may write answers. */
export const remoteProviderNames = ['openai-compatible', 'ollama', 'anthropic'] as const;
export const providerNames = ['embedded', ...remoteProviderNames] as const;
export type RemoteProviderName = (typeof remoteProviderNames)[number];
export type ProviderName = (typeof providerNames)[number];
