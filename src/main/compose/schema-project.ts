/** What a Compose file may hold at the top. */
import {
  bool,
  either,
  listOf,
  mapOf,
  mapOrList,
  nullable,
  object,
  type Rule,
  text,
  textOrList,
  textOrNumber,
} from './schema.ts';
import { namePattern, service } from './schema-service.ts';

const external = either('true, false or {name}', bool, object('external', { name: text }));

const network = nullable(
  object(
    'a network',
    {
      name: text,
      driver: text,
      driver_opts: mapOf(textOrNumber),
      ipam: object('ipam', {
        driver: text,
        config: listOf(
          object('an address pool', { subnet: text, ip_range: text, gateway: text, aux_addresses: mapOf(text) }),
        ),
        options: mapOf(text),
      }),
      external,
      internal: bool,
      enable_ipv6: bool,
      attachable: bool,
      labels: mapOrList,
    },
    { enable_ipv4: 'Remove it; networks without IPv4 are not supported.' },
  ),
);

const volume = nullable(
  object('a volume', {
    name: text,
    driver: text,
    driver_opts: mapOf(textOrNumber),
    external,
    labels: mapOrList,
  }),
);

const secret = object('a secret', {
  name: text,
  environment: text,
  file: text,
  external,
  labels: mapOrList,
  driver: text,
  driver_opts: mapOf(textOrNumber),
  template_driver: text,
});

const config = object('a config', {
  name: text,
  content: text,
  environment: text,
  file: text,
  external,
  labels: mapOrList,
  template_driver: text,
});

const include = listOf(
  either(
    'a path or {path, project_directory, env_file}',
    text,
    object('an include', { path: textOrList, env_file: textOrList, project_directory: text }),
  ),
  'a list of files',
);

export const composeFile: Rule = object(
  'a Compose file',
  {
    version: either('a text', textOrNumber),
    name: text,
    include,
    services: mapOf(service, namePattern, 'a mapping of services'),
    networks: mapOf(network, namePattern, 'a mapping of networks'),
    volumes: mapOf(volume, namePattern, 'a mapping of volumes'),
    secrets: mapOf(secret, namePattern, 'a mapping of secrets'),
    configs: mapOf(config, namePattern, 'a mapping of configs'),
  },
  { models: 'Remove it; Quayside does not run models from a Compose file.' },
);
