/** Preferences with which Firefox asks nobody but this machine for anything. */

/** Besides those that playwright sets. */
export const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  // Settings, experiments, blocklists and search engines from Mozilla's servers.
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "app.shield.optoutstudies.enabled": false,
  "nimbus.rollouts.enabled": false,
  "messaging-system.rsexperimentloader.enabled": false,
  "browser.region.network.url": "",
  "browser.region.update.enabled": false,
  "browser.topsites.contile.enabled": false,
  "extensions.blocklist.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "media.gmp-manager.url": "",
  "media.gmp-provider.enabled": false,
  "app.update.auto": false,
  "app.update.enabled": false,
  // Whether there is a network, and a page of its own before it.
  "network.captive-portal-service.enabled": false,
  "captivedetect.canonicalURL": "",
  "network.connectivity-service.enabled": false,
  // Measurements of use.
  "toolkit.telemetry.enabled": false,
  "toolkit.telemetry.unified": false,
  "toolkit.telemetry.server": "",
  "datareporting.policy.dataSubmissionEnabled": false,
  // Messages that sites push.
  "dom.push.connection.enabled": false,
  "dom.push.serverURL": "",
  // Names by way of a server, certificates that are asked about, and connections ahead of time.
  "network.trr.mode": 5,
  "doh-rollout.disable-heuristics": true,
  "security.OCSP.enabled": 0,
  "network.dns.disablePrefetch": true,
  "network.predictor.enabled": false,
  "network.prefetch-next": false,
};
