import {ChangesTable} from "@audit_trail/history/history";
import {patch} from "@web/core/utils/patch";
import {useService} from "@web/core/utils/hooks";
import {RevealDialog} from "../masked_field/masked_field";

/** The copies of sensitive values that entries keep: masks, with a button for who may reveal. */
patch(ChangesTable.prototype, {
    setup() {
        super.setup(...arguments);
        this.dialog = useService("dialog");
    },

    canReveal(change, side) {
        return Boolean(change.reveal && change.reveal.sides.includes(side));
    },

    reveal(change, side) {
        this.dialog.add(RevealDialog, {
            record: {resModel: "audit.trail.entry", resId: change.reveal.entry},
            name: `${change.reveal.name}/${side}`,
            label: change.label,
            method: "reveal_sensitive_change",
        });
    },
});
