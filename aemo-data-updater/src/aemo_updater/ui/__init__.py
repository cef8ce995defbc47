"""The status page on port 5011: `aemo-updater ui`.

Its process imports neither Arrow nor what does: with Panel, they would not fit into 150 MB. What is in the data folder
a child process reads (`aemo_updater.ui.look`) whenever something there changed, and hands over as plain records.
"""
