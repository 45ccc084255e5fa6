// @ts-check
/**
 * What a page knows of its network besides the tape.
 * @import { Normalisation } from './tape/predictor.js'
 * @import { ImageShape, Preparation } from './photo/photo.js'
 *
 * @typedef {{ title: string, classes: string[], shape: ImageShape, normalisation: Normalisation, preparation: Preparation,
 *             made: string }} About
 */
import { embeddedJson } from './page/embedded.js';

/** @returns {About} */
export function readAbout() {
  return embeddedJson('about');
}
