"""What lies over a picture: words and small pictures in its corners, a sentence in its middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt, Slot
from PySide6.QtWidgets import QLabel

from app import theme
from app.steer.corners import Corner, arrange, nearest
from app.steer.inlay import Inlay
from app.steer.navigator import Navigator
from app.steer.pill import Pill

if TYPE_CHECKING:
    from app.steer.zoom_view import ZoomView

NOTICE_WIDTH = 340


class PictureLayers(QObject):
    """The things over one picture; none of them scrolls with it.

    Attributes:
        state: Says at the top left what kind of picture this is.
        readout: Says at the bottom right where the pointer is.
        navigator: The overview at the bottom left.
        inlay: Another camera in a corner of choice.
    """

    def __init__(self, view: ZoomView) -> None:
        super().__init__(view)
        self._view = view
        # Children of the view, not of its viewport: Qt would scroll those along with the scene.
        self.state = Pill(view)
        self.readout = Pill(view)
        self.navigator = Navigator(view)
        self.inlay = Inlay(view)
        self.inlay.dropped.connect(self.drop_inlay)
        self._corner = Corner.TOP_RIGHT
        self._notice = QLabel(view)
        self._notice.setWordWrap(True)
        self._notice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._notice.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.set_role(self._notice, "over")
        self._notice.hide()

    @property
    def notice(self) -> str:
        """The sentence in the middle."""
        return self._notice.text()

    @property
    def inlay_corner(self) -> Corner:
        """Where the inlay is."""
        return self._corner

    def set_notice(self, text: str) -> None:
        """Say something in the middle of the picture; nothing hides it."""
        if text != self._notice.text():
            self._notice.setText(text)
            self._notice.setVisible(bool(text))
            self.arrange()

    def set_state(self, text: str, symbol: str = "", tint: str = "text") -> None:
        """Say what kind of picture this is."""
        self.state.set_text(text, symbol, tint)
        self.arrange()

    def set_readout(self, text: str) -> None:
        """Write where the pointer is."""
        if text != self.readout.text:
            self.readout.set_text(text)
            self.arrange()

    def set_inlay(self, camera: str) -> None:
        """Lay the live picture of a camera over a corner; empty takes it away."""
        if camera != self.inlay.name:
            self.inlay.set_camera(camera)
            self.arrange()

    def move_inlay(self, corner: Corner | None = None) -> None:
        """Move the inlay to a corner, or to the next one, clockwise."""
        self._corner = corner or self._corner.next
        self.arrange()

    @Slot()
    def drop_inlay(self) -> None:
        """Let the inlay, which was dragged about, go to the nearest corner."""
        middle = QRectF(self.inlay.geometry()).center()
        self.move_inlay(nearest(middle, self._view.picture_area))

    def arrange(self) -> None:
        """Put everything in its place."""
        area = self._view.picture_area
        things = [
            (Corner.TOP_LEFT, self.state),
            (Corner.BOTTOM_LEFT, self.navigator),
            (Corner.BOTTOM_RIGHT, self.readout),
            (self._corner, self.inlay),
        ]
        self.inlay.fit_to(area)
        things = [(corner, thing) for corner, thing in things if not thing.isHidden()]
        places = arrange(area, [(corner, thing.size()) for corner, thing in things])
        for (_, thing), place in zip(things, places, strict=True):
            thing.setGeometry(place)
        if not self._notice.isHidden():
            width = round(min(NOTICE_WIDTH, max(area.width() - 32, 120)))
            self._notice.resize(width, self._notice.heightForWidth(width))
            self._notice.move((area.center() - QRectF(self._notice.rect()).center()).toPoint())
