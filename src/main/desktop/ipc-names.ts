/** The channels between preload and the IPC server. Not the contract's names: those travel inside. */
export const channels = {
  /** Page asks, main answers: (name, input) -> Answer. */
  call: 'quayside:call',
  /** Paths of dropped files, from preload only: (paths) -> Answer<{ files }>. */
  offer: 'quayside:offer',
  /** Page opens, closes and acknowledges an item of a stream: (streamId, …). */
  open: 'quayside:open',
  close: 'quayside:close',
  ack: 'quayside:ack',
  /** Page to main, once a load: something readable is on the screen. */
  painted: 'quayside:painted',
  /** Main to page: (streamId, item) and (streamId, end). */
  item: 'quayside:item',
  end: 'quayside:end',
} as const;
