//! Options of NixOS and home-manager that take a secret, and have a twin that takes a file.
//!
//! From the modules of nixpkgs. `*` is any one name.

/// An option and its twin.
#[derive(Debug)]
pub struct FileOption {
    /// Last names of the option's path.
    pub path: &'static [&'static str],
    /// What to use instead.
    pub instead: &'static str,
}

macro_rules! options {
    ($($($name:literal).+ => $instead:literal),* $(,)?) => {
        &[$(FileOption { path: &[$($name),+], instead: $instead }),*]
    };
}

/// The table.
pub const FILE_OPTIONS: &[FileOption] = options! {
    "users"."users"."*"."password" => "hashedPasswordFile",
    "users"."users"."*"."initialPassword" => "hashedPasswordFile",
    "users"."extraUsers"."*"."password" => "hashedPasswordFile",
    "users"."extraUsers"."*"."initialPassword" => "hashedPasswordFile",
    "networking"."wireguard"."interfaces"."*"."privateKey" => "privateKeyFile",
    "networking"."wg-quick"."interfaces"."*"."privateKey" => "privateKeyFile",
    "networking"."wireguard"."interfaces"."*"."peers"."presharedKey" => "presharedKeyFile",
    "networking"."wg-quick"."interfaces"."*"."peers"."presharedKey" => "presharedKeyFile",
    "networking"."wireguard"."interfaces"."*"."peers"."*"."presharedKey" => "presharedKeyFile",
    "wireguardConfig"."PrivateKey" => "PrivateKeyFile",
    "wireguardPeers"."PresharedKey" => "PresharedKeyFile",
    "wireguardPeers"."wireguardPeerConfig"."PresharedKey" => "PresharedKeyFile",
    "networking"."wireless"."networks"."*"."psk" => "networking.wireless.secretsFile, and pskRaw = \"ext:NAME\"",
    "networking"."wireless"."networks"."*"."pskRaw" => "networking.wireless.secretsFile, and pskRaw = \"ext:NAME\"",
    "networking"."wireless"."iwd"."*"."Passphrase" => "an encrypted file in /var/lib/iwd",
    "networking"."networkmanager"."ensureProfiles"."profiles"."*"."*"."psk" => "networking.networkmanager.ensureProfiles.environmentFiles",
    "services"."hostapd"."wpaPassphrase" => "services.hostapd.radios.*.networks.*.authentication.wpaPasswordFile",
    "authentication"."wpaPassword" => "wpaPasswordFile",
    "authentication"."saePasswords"."password" => "saePasswordsFile",
    "services"."nextcloud"."config"."adminpass" => "adminpassFile",
    "services"."nextcloud"."config"."dbpass" => "dbpassFile",
    "services"."nextcloud"."config"."objectstore"."s3"."secret" => "secretFile",
    "services"."gitea"."database"."password" => "passwordFile",
    "services"."forgejo"."database"."password" => "passwordFile",
    "services"."gitlab"."databasePassword" => "databasePasswordFile",
    "services"."gitlab"."initialRootPassword" => "initialRootPasswordFile",
    "services"."matrix-synapse"."settings"."registration_shared_secret" => "registration_shared_secret_path, or extraConfigFiles",
    "services"."matrix-synapse"."settings"."macaroon_secret_key" => "extraConfigFiles",
    "services"."matrix-synapse"."settings"."turn_shared_secret" => "extraConfigFiles",
    "services"."coturn"."static-auth-secret" => "static-auth-secret-file",
    "services"."borgbackup"."jobs"."*"."encryption"."passphrase" => "encryption.passCommand with the path of a secret",
    "services"."vaultwarden"."config"."ADMIN_TOKEN" => "services.vaultwarden.environmentFile",
    "services"."vaultwarden"."config"."SMTP_PASSWORD" => "services.vaultwarden.environmentFile",
    "services"."grafana"."settings"."security"."admin_password" => "\"$__file{PATH}\" with the path of a secret",
    "services"."grafana"."settings"."security"."secret_key" => "\"$__file{PATH}\" with the path of a secret",
    "services"."grafana"."settings"."database"."password" => "\"$__file{PATH}\" with the path of a secret",
    "services"."grafana"."settings"."smtp"."password" => "\"$__file{PATH}\" with the path of a secret",
    "services"."grafana"."security"."adminPassword" => "adminPasswordFile",
    "services"."mosquitto"."listeners"."users"."*"."password" => "passwordFile",
    "services"."mosquitto"."listeners"."*"."users"."*"."password" => "passwordFile",
    "services"."redis"."servers"."*"."requirePass" => "requirePassFile",
    "services"."redis"."requirePass" => "requirePassFile",
    "services"."redis"."servers"."*"."masterAuth" => "an include of a decrypted file in settings",
    "services"."mysql"."replication"."masterPassword" => "masterPasswordFile",
    "services"."k3s"."token" => "tokenFile",
    "services"."k3s"."agentToken" => "agentTokenFile",
    "services"."ddclient"."password" => "passwordFile",
    "services"."transmission"."settings"."rpc-password" => "credentialsFile",
    "services"."paperless"."settings"."PAPERLESS_SECRET_KEY" => "environmentFile",
    "services"."miniflux"."config"."ADMIN_PASSWORD" => "adminCredentialsFile",
    "services"."keycloak"."initialAdminPassword" => "an EnvironmentFile",
    "services"."hedgedoc"."settings"."sessionSecret" => "services.hedgedoc.environmentFile",
    "services"."minio"."secretKey" => "rootCredentialsFile",
    "services"."minio"."accessKey" => "rootCredentialsFile",
    "services"."garage"."settings"."rpc_secret" => "rpc_secret_file",
    "services"."prometheus"."scrapeConfigs"."basic_auth"."password" => "password_file",
    "services"."prometheus"."scrapeConfigs"."bearer_token" => "bearer_token_file",
    "services"."prometheus"."remoteWrite"."basic_auth"."password" => "password_file",
    "services"."murmur"."password" => "environmentFile",
    "services"."icecast"."admin"."password" => "an include of a decrypted file",
    "services"."openvpn"."servers"."*"."authUserPass"."password" => "authUserPass with the path of a secret",
    "services"."wg-access-server"."settings"."wireguard"."privateKey" => "secretsFile",
    "services"."telegraf"."extraConfig"."outputs"."influxdb_v2"."token" => "environmentFiles, and \"$INFLUX_TOKEN\"",
    "services"."home-assistant"."config"."*"."password" => "\"!secret NAME\" and a decrypted secrets.yaml",
    "services"."home-assistant"."config"."*"."api_key" => "\"!secret NAME\" and a decrypted secrets.yaml",
    "programs"."msmtp"."accounts"."*"."password" => "passwordeval = \"cat PATH\"",
    "accounts"."email"."accounts"."*"."password" => "passwordCommand",
    "programs"."gh"."settings"."oauth_token" => "an environment variable of a wrapper",
    "programs"."atuin"."settings"."key" => "key_path",
    "services"."woodpecker-server"."environment"."WOODPECKER_AGENT_SECRET" => "environmentFile",
    "services"."drone"."environment"."DRONE_RPC_SECRET" => "an EnvironmentFile",
    "services"."authelia"."instances"."*"."settings"."jwt_secret" => "secrets.jwtSecretFile",
    "services"."authelia"."instances"."*"."settings"."session"."secret" => "secrets.sessionSecretFile",
    "services"."authelia"."instances"."*"."settings"."storage"."encryption_key" => "secrets.storageEncryptionKeyFile",
    "services"."oauth2-proxy"."clientSecret" => "keyFile",
    "services"."oauth2-proxy"."cookie"."secret" => "keyFile",
    "services"."oauth2_proxy"."clientSecret" => "keyFile",
    "services"."lldap"."settings"."jwt_secret" => "environment.LLDAP_JWT_SECRET_FILE",
    "services"."lldap"."settings"."ldap_user_pass" => "environment.LLDAP_LDAP_USER_PASS_FILE",
    "services"."syncthing"."settings"."gui"."password" => "guiPasswordFile",
    "services"."syncthing"."gui"."password" => "guiPasswordFile",
    "services"."rathole"."settings"."client"."default_token" => "credentialsFile",
    "services"."headscale"."settings"."oidc"."client_secret" => "oidc.client_secret_path",
    "services"."atticd"."settings"."token-hs256-secret-base64" => "environmentFile",
    "virtualisation"."oci-containers"."containers"."*"."login"."password" => "login.passwordFile",
};

/// The twin of the option at `path`, where the table has it.
pub fn file_option(path: &[&str]) -> Option<&'static FileOption> {
    FILE_OPTIONS.iter().find(|option| {
        path.len() >= option.path.len()
            && path[path.len() - option.path.len()..]
                .iter()
                .zip(option.path)
                .all(|(name, wanted)| *wanted == "*" || name == wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_below_anything() {
        let path = ["config", "users", "users", "alice", "password"];
        assert_eq!(file_option(&path).unwrap().instead, "hashedPasswordFile");
        assert!(file_option(&["users", "alice", "password"]).is_none());
        assert!(file_option(&["password"]).is_none());
    }
}
