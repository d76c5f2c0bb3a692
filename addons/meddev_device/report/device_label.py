import base64

from reportlab.graphics.barcode.ecc200datamatrix import ECC200DataMatrix
from reportlab.graphics.barcode.qrencoder import QR8bitByte, QRCode, QRErrorCorrectLevel

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..models.res_company import SYMBOLOGY_DATA_MATRIX

#: White modules around the symbol (ISO/IEC 18004: 4, ISO/IEC 16022: 1).
QUIET_ZONE = {"QR": 4, "ECC200DataMatrix": 2}
#: Measured: what wkhtmltopdf with unpatched Qt prints at 100 % is this much too small.
UNPATCHED_QT_ZOOM = 1.3


class DeviceLabel(models.AbstractModel):
    """The label on a device: who it is in print, and an opaque word in a symbol.

    The symbol is drawn as vectors: sharp on every label printer, and it needs no bitmap
    library, which core's own barcode images do.
    """

    _name = "report.meddev_device.device_label"
    _description = "Device Label"

    @api.model
    def _get_report_values(self, docids, data=None):
        devices = self.env["stock.lot"].browse(docids)
        tokens = devices._get_label_tokens()
        return {
            "doc_ids": docids,
            "doc_model": "stock.lot",
            "docs": devices,
            "zoom": self._get_zoom(),
            "labels": [self._prepare_label(device, tokens[device]) for device in devices],
        }

    def _prepare_label(self, device, token):
        """What stands on one label."""
        company = device.company_id or self.env.company
        product = device.product_id
        return {
            "device": device,
            "product": product.name,
            "model": product.device_model or product.default_code,
            "manufacturer": device.manufacturer_id.name,
            "symbol": self._embed(
                self._draw_symbol(company.meddev_label_symbology, device._get_label_url(token))
            ),
        }

    @api.model
    def _get_zoom(self):
        """By how much lengths must grow so that a millimetre is printed as one.

        The wkhtmltopdf of Linux distributions (unpatched Qt) shrinks every page and cannot be
        told not to.
        """
        return 1 if _wkhtml().is_patched_qt else UNPATCHED_QT_ZOOM

    @api.model
    def _embed(self, picture):
        return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()

    @api.model
    def _draw_symbol(self, symbology, text):
        """The symbol of ``text`` as an SVG picture in modules, without size."""
        rows = _data_matrix(text) if symbology == SYMBOLOGY_DATA_MATRIX else _qr_code(text)
        if not rows:
            raise UserError(
                self.env._(
                    "The address %s is too long for a data matrix. Choose the QR code in the"
                    " settings of device labels.",
                    text,
                )
            )
        margin = QUIET_ZONE[symbology]
        size = len(rows) + 2 * margin
        runs = "".join(
            f"M{left + margin} {top + margin}h{length}v1h-{length}z"
            for top, row in enumerate(rows)
            for left, length in _dark_runs(row)
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"'
            f' width="{size * 8}" height="{size * 8}" shape-rendering="crispEdges">'
            f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'
            f'<path fill="#000" d="{runs}"/></svg>'
        )


def _qr_code(text):
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(QR8bitByte(text))
    code.make()
    return code.modules


class _DataMatrix(ECC200DataMatrix):
    """ReportLab's symbol with its C40 values of ``:`` to ``@`` set right (ISO/IEC 16022 Table 5:
    15 to 21 of shift 2); as shipped, a colon reads back as a caret."""

    def _encode_c40_char(self, char):
        if ":" <= char <= "@":
            return [1, ord(char) - ord(":") + 15]
        return super()._encode_c40_char(char)


def _data_matrix(text):
    """Rows of modules (44 × 44), or None when the text does not fit them."""
    matrix = _DataMatrix(text)
    matrix.validate()
    try:
        return matrix.valid and matrix.encode()[::-1]
    except Exception as error:  # reportlab raises no class of its own
        if "Too much data" in str(error):
            return None
        raise


def _dark_runs(row):
    """``(start, length)`` of each dark run in a row."""
    start = None
    for position, is_dark in enumerate([*row, False]):
        if is_dark and start is None:
            start = position
        elif not is_dark and start is not None:
            yield start, position - start
            start = None
