/// What well-known services need of a proxy, each with the page of its makers that says so. Same shape as
/// `desired/_presets.yaml`, where they can be replaced and added to.
///
/// NPM takes bodies of up to 2000 MB as it is, and passes `Host` and the `X-Forwarded-` headers: only what goes beyond that
/// stands here.
enum BuiltInPresets {
  /// As in messages about what comes from it.
  static let file = "(built-in presets)"

  static let text = #"""
    audiobookshelf:
      source: https://www.audiobookshelf.org/docs#reverse-proxy
      allow_websocket_upgrade: true
      advanced_config: |
        client_max_body_size 10240M;
      health: { path: /healthcheck }
    forgejo:
      source: https://forgejo.org/docs/latest/admin/setup/reverse-proxy/
      allow_websocket_upgrade: true
      health: { path: /api/healthz, expect_json: { status: pass } }
    gitea:
      source: https://docs.gitea.com/administration/reverse-proxies
      allow_websocket_upgrade: true
      health: { path: /api/healthz, expect_json: { status: pass } }
    gotify:
      source: https://gotify.net/docs/nginx
      allow_websocket_upgrade: true
      health: { path: /health, expect_json: { health: green } }
    grafana:
      source: https://grafana.com/tutorials/run-grafana-behind-a-proxy/
      allow_websocket_upgrade: true
      health: { path: /api/health, expect_json: { database: ok } }
    homeassistant:
      source: https://www.home-assistant.io/integrations/http/
      allow_websocket_upgrade: true
      advanced_config: |
        proxy_buffering off;
      health: { path: /manifest.json }
    immich:
      source: https://docs.immich.app/administration/reverse-proxy
      allow_websocket_upgrade: true
      advanced_config: |
        client_max_body_size 50000M;
        client_body_buffer_size 1024k;
        proxy_request_buffering off;
        proxy_read_timeout 600s;
        proxy_send_timeout 600s;
        send_timeout 600s;
      health: { path: /api/server/ping, expect_json: { res: pong } }
    jellyfin:
      source: https://jellyfin.org/docs/general/post-install/networking/reverse-proxy/nginx/
      allow_websocket_upgrade: true
      advanced_config: |
        proxy_buffering off;
      health: { path: /health }
    n8n:
      source: https://docs.n8n.io/hosting/configuration/configuration-examples/webhook-url/
      allow_websocket_upgrade: true
      advanced_config: |
        proxy_buffering off;
      health: { path: /healthz, expect_json: { status: ok } }
    nextcloud:
      source: https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/reverse_proxy_configuration.html
      advanced_config: |
        client_max_body_size 10G;
        proxy_request_buffering off;
        proxy_read_timeout 3600s;
        location = /.well-known/carddav { return 301 $scheme://$host/remote.php/dav; }
        location = /.well-known/caldav { return 301 $scheme://$host/remote.php/dav; }
      health: { path: /status.php, expect_json: { installed: true } }
    ntfy:
      source: https://docs.ntfy.sh/config/#nginxapache2caddy
      allow_websocket_upgrade: true
      advanced_config: |
        client_max_body_size 0;
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_connect_timeout 3m;
        proxy_send_timeout 3m;
        proxy_read_timeout 3m;
      health: { path: /v1/health, expect_json: { healthy: true } }
    portainer:
      source: https://docs.portainer.io/advanced/reverse-proxy/nginx
      allow_websocket_upgrade: true
      health: { path: /api/system/status }
    uptime-kuma:
      source: https://github.com/louislam/uptime-kuma/wiki/Reverse-Proxy
      allow_websocket_upgrade: true
    vaultwarden:
      source: https://github.com/dani-garcia/vaultwarden/wiki/Proxy-examples
      allow_websocket_upgrade: true
      health: { path: /alive }
    """#
}
