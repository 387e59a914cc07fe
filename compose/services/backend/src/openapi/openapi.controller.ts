import { Controller, Inject } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { z } from 'zod';
import { Route, route } from '../http/route.ts';
import { openApiDocument } from './document.ts';

const spec = route({
  method: 'get',
  path: 'openapi.json',
  summary: 'This document',
  tag: 'Health',
  access: 'search:read',
  answers: { 200: z.record(z.string(), z.unknown()) },
});

@Controller()
export class OpenApiController {
  readonly #modules: ModulesContainer;
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#modules = modules;
  }

  @Route(spec)
  document(): unknown {
    const classes = [...this.#modules.values()].flatMap((module) =>
      [...module.controllers.values()].flatMap(({ metatype }) => (typeof metatype === 'function' ? [metatype] : [])),
    );
    return openApiDocument(classes as { prototype: object }[]);
  }
}
