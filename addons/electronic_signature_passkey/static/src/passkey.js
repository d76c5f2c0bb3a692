import {_t} from "@web/core/l10n/translation";
import {rpc} from "@web/core/network/rpc";
import {signatureMethods} from "@electronic_signature/sign/sign";
import * as passkeyLib from "@auth_passkey/../lib/simplewebauthn";

signatureMethods.add("webauthn", {
    label: _t("Use passkey"),
    async getCredentials() {
        const options = await rpc("/auth/passkey/start-auth");
        // Whoever closes the browser's question has given up, which is no error.
        const answer = await passkeyLib.startAuthentication(options).catch(() => null);
        return answer && {type: "webauthn", webauthn_response: JSON.stringify(answer)};
    },
});
