"""Files of subscribers, as other services export them: read row by row, judged, never trusted."""
