export { asksForPipeline, loadPipeline, type PipelineSettings, type StageSettings } from './settings/pipeline';
export { regionOfArn } from './settings/region-rules';
export { buildsImages, settingsOfRegions } from './settings/regional';
export { loadSettings, type SettingsOrigin } from './settings/load';
export { SettingsError } from './settings/problem';
export {
  type CapacitySettings,
  type ExistingNetworkSettings,
  type NewNetworkSettings,
  resolveSettings,
  type Settings,
  type SettingsInput,
} from './settings/resolve';
