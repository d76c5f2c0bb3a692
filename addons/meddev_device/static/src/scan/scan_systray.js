import {Component, onWillStart, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";

/** A way to the scan screen from everywhere, for after-sales staff. */
export class ScanSystray extends Component {
    static template = "meddev_device.ScanSystray";
    static props = {};

    setup() {
        this.action = useService("action");
        this.state = useState({isVisible: false});
        onWillStart(async () => {
            this.state.isVisible = await user.hasGroup("meddev_base.group_staff");
        });
    }

    openScan() {
        return this.action.doAction("meddev_device.device_scan_action", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("systray").add("meddev_device.scan", {Component: ScanSystray}, {sequence: 30});
