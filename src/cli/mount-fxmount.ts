#!/usr/bin/env node
/**
 * The command `mount.fxmount`, see mount-helper.ts.
 */
import { commandArguments } from './arguments.ts';
import { mountHelper } from './mount-helper.ts';

await mountHelper(commandArguments());
